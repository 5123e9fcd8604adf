#include "autocert/solvers/dns01.hpp"

#include "base/atomic_file.hpp"
#include "base/crypto.hpp"
#include "base/task_group.hpp"
#include "base/text.hpp"

#include <sstream>
#include <utility>

namespace cardea::autocert::solvers {
namespace {

constexpr std::size_t notes_bytes_max = 256 * 1024;
constexpr std::size_t left_max = 500;

}  // namespace

std::string account_label(std::string_view account_url) {
  constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  constexpr std::size_t digest_bytes = 10;  // sixteen digits, without a rest
  const auto digest = base::sha256(account_url);
  std::string out = "_";
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (std::size_t i = 0; i < digest_bytes; ++i) {
    bits = bits << 8U | digest[i];
    for (count += 8; count >= 5; count -= 5) out += alphabet[bits >> (count - 5) & 31U];
  }
  return out;
}

dns01::dns01(std::shared_ptr<dnsproviders::provider> provider, follow_cnames follow, wait_until_visible wait,
             std::string notes_path, base::logger log, config::challenge_type type)
    : provider_(std::move(provider)),
      follow_(std::move(follow)),
      wait_(std::move(wait)),
      notes_path_(std::move(notes_path)),
      log_(std::move(log)),
      type_(type) {}

base::awaitable<base::result<dns01::record>> dns01::make_record(work from) {
  const auto digest = base::sha256(from.key_authorization);
  const bool is_of_account = type_ == config::challenge_type::dns_account01;
  const std::string label = is_of_account ? account_label(from.account_url) + "." : std::string();
  const std::string asked = label + "_acme-challenge." + from.domain;
  const auto name = co_await follow_(asked);
  if (!name) co_return name.error().at(asked);
  co_return record{*name, base::base64url(digest), from.domain, from.token, from.key_authorization};
}

base::awaitable<void> dns01::write_one(record what, base::result<void>& outcome) {
  const std::string name = what.fqdn;
  log_.info("writing a DNS record", {{"name", name}});
  auto written = co_await provider_->present(std::move(what));
  if (!written) outcome = written.error().at("record " + name);
}

base::awaitable<void> dns01::await_one(record what, base::result<void>& outcome) {
  const std::string name = what.fqdn;
  const dnsproviders::propagation_timing timing = provider_->timing();
  auto visible = co_await wait_(what.fqdn, what.value, timing);
  if (!visible) {
    outcome = visible.error().at("record " + name);
    co_return;
  }
  log_.info("the DNS record has had its time to spread", {{"name", name}});
}

base::awaitable<base::result<void>> dns01::present(std::vector<work> wanted) {
  if (!provider_) co_return base::result<void>();
  if (provider_->one_at_a_time()) {
    std::string key("one at a time");
    auto turn = co_await dnsproviders::keyed_lock::acquire(std::move(key));
    if (!turn) co_return turn.error();
    turn_.emplace(std::move(*turn));
  }
  for (work& each : wanted) {
    work one = std::move(each);
    auto made = co_await make_record(std::move(one));
    if (!made) co_return made.error();
    presented_.push_back(std::move(*made));
  }
  note();
  const base::executor where = co_await base::asio::this_coro::executor;
  std::vector<base::result<void>> outcomes(presented_.size());
  base::task_group writers(where, log_);
  for (std::size_t i = 0; i < presented_.size(); ++i) writers.spawn(write_one(presented_[i], outcomes[i]));
  co_await writers.join();
  for (const auto& outcome : outcomes)
    if (!outcome) co_return outcome.error();
  // The group's join does not notice what came before it.
  const auto cancellation = co_await base::asio::this_coro::cancellation_state;
  if (cancellation.cancelled() != base::asio::cancellation_type::none)
    co_return base::error(base::errc::cancelled, "withdrawn");
  base::task_group watchers(where, log_);
  for (std::size_t i = 0; i < presented_.size(); ++i) watchers.spawn(await_one(presented_[i], outcomes[i]));
  co_await watchers.join();
  for (const auto& outcome : outcomes)
    if (!outcome) co_return outcome.error();
  co_return base::result<void>();
}

base::awaitable<void> dns01::remove(std::vector<record> gone) {
  for (record& each : gone) {
    record one = each;
    const auto removed = co_await provider_->clean_up(std::move(one));
    if (removed) continue;
    log_.warn("a DNS record could not be removed",
              {{"name", each.fqdn}, {"reason", removed.error().message()}});
    left_.push_back(std::move(each));
    if (left_.size() > left_max) left_.erase(left_.begin());
  }
}

base::awaitable<void> dns01::clean_up() {
  if (!provider_) co_return;
  std::vector<record> ours = std::exchange(presented_, {});
  co_await remove(std::move(ours));
  note();
  turn_.reset();
}

base::awaitable<void> dns01::remove_leftovers() {
  if (!provider_) co_return;
  if (!std::exchange(looked_for_leftovers_, true)) read_notes();
  if (left_.empty()) co_return;
  log_.info("removing DNS records that were left behind", {{"count", left_.size()}});
  std::vector<record> gone = std::exchange(left_, {});
  co_await remove(std::move(gone));
  note();
}

void dns01::read_notes() {
  const auto notes = base::read_file(notes_path_, notes_bytes_max);
  if (!notes) return;
  std::istringstream lines(*notes);
  record each;
  while (left_.size() < left_max &&
         lines >> each.fqdn >> each.value >> each.domain >> each.token >> each.key_authorization)
    left_.push_back(each);
}

// One line a record; none of the five holds a blank.
void dns01::note() const {
  std::string text;
  for (const auto* list : {&left_, &presented_})
    for (const record& each : *list)
      text += each.fqdn + " " + each.value + " " + each.domain + " " + each.token + " " +
              each.key_authorization + "\n";
  const auto stored =
      text.empty() ? base::remove_file(notes_path_) : base::write_file_atomically(notes_path_, text, 0600);
  if (!stored)
    log_.warn("cannot note the DNS records that are written", {{"reason", stored.error().message()}});
}

}  // namespace cardea::autocert::solvers
