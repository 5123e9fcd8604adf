#include "autocert/acme/account.hpp"

#include "autocert/acme/external_account.hpp"
#include "base/atomic_file.hpp"
#include "base/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <filesystem>

namespace cardea::autocert::acme {
namespace {

namespace json = boost::json;

std::string registration(const account_settings& settings, const std::string& binding) {
  json::object out{{"termsOfServiceAgreed", true}};
  if (!settings.email.empty()) out["contact"] = json::array{"mailto:" + settings.email};
  std::string text = json::serialize(out);
  if (binding.empty()) return text;
  text.pop_back();
  return text + R"(,"externalAccountBinding":)" + binding + "}";
}

constexpr const char* wants_external_account =
    "the CA wants an external account: set eab_kid and eab_hmac from your account there";

}  // namespace

// One at a time: whoever comes meanwhile finds the work done.
class account::turn {
 public:
  explicit turn(account& of) : of_(of) { of_.busy_ = true; }
  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;
  ~turn() {
    of_.lease_.release();
    of_.busy_ = false;
    of_.freed_->cancel();
  }

 private:
  account& of_;
};

account::account(account_settings settings, std::shared_ptr<transport> ca)
    : settings_(std::move(settings)),
      ca_(std::move(ca)),
      log_("acme"),
      lease_(settings_.key_path + ".lock", settings_.lease_stale_after) {}

base::awaitable<base::result<base::fetch_response>> account::post(std::shared_ptr<const account_key> key,
                                                                  std::string kid, std::string url,
                                                                  std::string payload) {
  // Taken for dead, and somebody else is at work: what we do is of one key, so that nothing is made twice.
  if (lease_.is_held() && !lease_.renew()) log_.debug("the account's lock could not be renewed");
  signer by{*key, std::move(kid)};
  auto asked = co_await ca_->ask(std::move(by), std::move(url), std::move(payload));
  refusal_ = std::move(asked.refusal);
  co_return std::move(asked.answer);
}

base::awaitable<base::result<void>> account::ready() {
  const auto cancellation = co_await base::asio::this_coro::cancellation_state;
  if (!freed_) {
    const base::executor where = co_await base::asio::this_coro::executor;
    freed_.emplace(where, base::steady_timer::time_point::max());
  }
  while (busy_) {
    co_await freed_->async_wait(base::as_result);
    if (cancellation.cancelled() != base::asio::cancellation_type::none)
      co_return base::error(base::errc::cancelled, "withdrawn");
  }
  const turn mine(*this);
  auto done = co_await prepare();
  co_return done;
}

bool account::is_rollover_unfinished() const {
  std::error_code ignored;  // what cannot be looked at cannot be read either, and is told then
  return std::filesystem::exists(next_path(), ignored);
}

base::awaitable<base::result<void>> account::take_lease() {
  constexpr std::chrono::milliseconds between_looks{100};
  std::chrono::steady_clock::duration waited{};
  while (true) {
    const auto taken = lease_.try_take(waited);
    if (!taken) {
      // A folder in which nothing can be written: one process is all that there can be.
      log_.warn("other processes are not kept from the account", {{"error", taken.error().message()}});
      co_return base::result<void>();
    }
    if (*taken) co_return base::result<void>();
    if (waited == waited.zero()) log_.info("another process is at the account", {{"lock", lease_.path()}});
    if (waited >= settings_.lease_wait_max)
      co_return base::error(base::errc::timed_out,
                            "another process holds '" + lease_.path() + "'; end it, or find out what it waits for");
    co_await settings_.sleep(between_looks);
    waited += between_looks;
    const auto cancellation = co_await base::asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != base::asio::cancellation_type::none)
      co_return base::error(base::errc::cancelled, "withdrawn");
  }
}

base::awaitable<base::result<void>> account::prepare() {
  refusal_.reset();
  if (const auto loaded = load_key(); !loaded) co_return loaded.error();
  if (url_.empty() || is_rollover_unfinished()) {
    auto taken = co_await take_lease();
    if (!taken) co_return taken.error().at("account");
    // It may have been the other one's to change.
    if (const auto loaded = load_key(); !loaded) co_return loaded.error();
  }
  if (is_rollover_unfinished()) {
    auto settled = co_await settle_rollover();
    if (!settled) co_return settled.error().at("unfinished key rollover");
  }
  if (!url_.empty()) co_return base::result<void>();
  auto found = co_await find_or_register();
  if (!found && !refusal_) refusal_ = ca_->unsigned_refusal();
  if (!found) co_return found.error().at("account");
  co_return base::result<void>();
}

base::result<void> account::load_key() {
  auto stored = account_key::load_or_create(settings_.key_path);
  if (!stored) return stored.error();
  if (key_ && key_->thumbprint() == stored->thumbprint()) return {};
  if (key_) log_.info("the account's key was changed by somebody else", {{"path", settings_.key_path}});
  key_ = std::make_shared<const account_key>(std::move(*stored));
  url_.clear();
  return {};
}

// RFC 8555 section 7.3.1; empty when no account has this key.
base::awaitable<base::result<std::string>> account::find_by(std::shared_ptr<const account_key> key) {
  const auto where = co_await ca_->find_directory();
  if (!where) co_return where.error();
  std::string address = where->new_account;
  std::string only_existing = R"({"onlyReturnExisting":true})";
  std::string no_account;
  auto answer =
      co_await post(std::move(key), std::move(no_account), std::move(address), std::move(only_existing));
  if (!answer && answer.error().code == errc::account_unknown) {
    refusal_.reset();
    co_return std::string();
  }
  if (!answer) co_return answer.error();
  std::string url(answer->header("Location"));
  if (url.empty()) co_return base::error(errc::malformed_answer, "the CA gave the account no address");
  co_return url;
}

// By key first, so that an account made elsewhere is found; then a new one.
base::awaitable<base::result<void>> account::find_or_register() {
  auto found = co_await find_by(key_);
  if (!found) co_return found.error();
  if (found->empty()) {
    const auto where = co_await ca_->find_directory();
    if (!where) co_return where.error();
    std::string address = where->new_account;
    auto bound = co_await binding(address);
    if (!bound) co_return bound.error();
    log_.info("registering an account", {{"email", settings_.email}, {"terms", where->terms_of_service}});
    std::string payload = registration(settings_, *bound);
    std::string no_account;
    auto answer = co_await post(key_, std::move(no_account), std::move(address), std::move(payload));
    const bool wants_one = refusal_ && refusal_->type == "externalAccountRequired";
    if (!answer && wants_one && bound->empty())
      co_return base::error(errc::rejected,
                            std::string(wants_external_account) + "; " + answer.error().message());
    if (!answer && refusal_ && !bound->empty())
      co_return base::error(answer.error().code, answer.error().message() + "; eab_kid was '" +
                                                     settings_.eab_kid + "', check it and eab_hmac");
    if (!answer) co_return answer.error();
    *found = answer->header("Location");
    refusal_.reset();
  }
  url_ = std::move(*found);
  if (url_.empty()) co_return base::error(errc::malformed_answer, "the CA gave the account no address");
  co_return base::result<void>();
}

// Empty when the CA wants none.
base::awaitable<base::result<std::string>> account::binding(std::string new_account) {
  const auto where = co_await ca_->find_directory();
  if (!where) co_return where.error();
  if (settings_.eab_kid.empty() && where->external_account_required) {
    auto asked = co_await ask_for_external_account();
    if (!asked) {
      problem wanted;
      wanted.type = "externalAccountRequired";
      if (!refusal_ && settings_.eab_url.empty()) refusal_ = wanted;
      co_return asked.error();
    }
  }
  if (settings_.eab_kid.empty()) co_return std::string();
  co_return make_external_binding(*key_, settings_.eab_kid, settings_.eab_hmac.reveal(), new_account);
}

// Once: what was given out stays beside the key.
base::awaitable<base::result<void>> account::ask_for_external_account() {
  const std::string path = external_account_path(settings_.key_path);
  auto known = load_external_account(path);
  if (!known && known.error().code != base::errc::not_found) co_return known.error();
  if (!known) {
    if (settings_.eab_url.empty() || settings_.email.empty())
      co_return base::error(errc::rejected, wants_external_account);
    log_.info("asking for an external account", {{"email", settings_.email}, {"at", settings_.eab_url}});
    base::fetch_request question = external_account_request(settings_.eab_url, settings_.email);
    const auto answer = co_await ca_->send(std::move(question));
    if (!answer) co_return answer.error().at("external account");
    known = parse_external_account(*answer);
    if (!known) co_return known.error().at("external account by e-mail");
    if (const auto saved = save_external_account(path, *known); !saved)
      co_return saved.error().at("external account");
  }
  settings_.eab_kid = known->kid;
  settings_.eab_hmac = known->hmac;
  co_return base::result<void>();
}

base::result<void> account::adopt(account_key fresh) {
  if (auto saved = fresh.save(settings_.key_path); !saved) return saved;
  key_ = std::make_shared<const account_key>(std::move(fresh));
  return base::remove_file(next_path());
}

// Two keys, of which the CA knows one.
base::awaitable<base::result<void>> account::settle_rollover() {
  auto stored = account_key::load(next_path());
  if (!stored) co_return stored.error();
  const auto fresh = std::make_shared<const account_key>(std::move(*stored));
  auto found = co_await find_by(fresh);
  if (!found) co_return found.error();
  if (found->empty()) {
    log_.info("an interrupted key rollover had not reached the CA, the account keeps its key");
    co_return base::remove_file(next_path());
  }
  auto again = account_key::load(next_path());
  if (!again) co_return again.error();
  if (auto taken = adopt(std::move(*again)); !taken) co_return taken;
  url_ = std::move(*found);
  log_.info("an interrupted key rollover is finished", {{"path", settings_.key_path}});
  co_return base::result<void>();
}

base::awaitable<base::result<void>> account::roll_over() {
  auto is_ready = co_await ready();
  if (!is_ready) co_return is_ready;
  while (busy_) {
    co_await freed_->async_wait(base::as_result);
    const auto cancellation = co_await base::asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != base::asio::cancellation_type::none)
      co_return base::error(base::errc::cancelled, "withdrawn");
  }
  const turn mine(*this);
  auto taken = co_await take_lease();
  if (!taken) co_return taken.error().at("account");
  auto changed = co_await change_key();
  co_return changed;
}

base::awaitable<base::result<void>> account::change_key() {
  const auto where = co_await ca_->find_directory();
  if (!where) co_return where.error();
  if (where->key_change.empty()) co_return base::error(errc::rejected, "the CA has no key rollover");
  auto fresh = account_key::generate();
  if (!fresh) co_return fresh.error();
  auto inner = make_key_change(*fresh, *key_, url_, where->key_change);
  if (!inner) co_return inner.error();
  if (auto saved = fresh->save(next_path()); !saved) co_return saved;
  log_.info("the new account key is stored", {{"path", next_path()}});
  std::string kid = url_;
  std::string address = where->key_change;
  std::string payload = std::move(*inner);
  const auto answer = co_await post(key_, std::move(kid), std::move(address), std::move(payload));
  if (answer) {
    log_.info("the CA has taken the new account key");
    co_return adopt(std::move(*fresh));
  }
  // A lost answer says nothing about what the CA did: it is asked which key it knows.
  auto settled = co_await settle_rollover();
  if (!settled)
    co_return base::error(settled.error().code,
                          answer.error().message() + "; '" + next_path() +
                              "' stays until the CA says which key it knows: " + settled.error().message());
  if (key_->thumbprint() == fresh->thumbprint()) co_return base::result<void>();
  co_return answer.error().at("key rollover");
}

base::awaitable<base::result<void>> account::revoke(std::string leaf_der, revocation_reason why) {
  auto is_ready = co_await ready();
  if (!is_ready) co_return is_ready;
  const auto where = co_await ca_->find_directory();
  if (!where) co_return where.error();
  if (where->revoke_cert.empty()) co_return base::error(errc::rejected, "the CA revokes no certificates");
  const json::object body{{"certificate", base::base64url(leaf_der)}, {"reason", static_cast<int>(why)}};
  std::string payload = json::serialize(body);
  std::string kid = url_;
  std::string address = where->revoke_cert;
  const auto answer = co_await post(key_, std::move(kid), std::move(address), std::move(payload));
  if (answer || (refusal_ && refusal_->type == "alreadyRevoked")) co_return base::result<void>();
  co_return answer.error().at("revocation");
}

}  // namespace cardea::autocert::acme
