#include "dnsproviders/vendors/inwx.hpp"

#include "base/text.hpp"
#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/totp.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>
#include <charconv>
#include <map>

namespace cardea::dnsproviders {
namespace {

constexpr std::string_view sandbox_url = "https://api.ote.domrobot.com/jsonrpc";

constexpr std::array<option_spec, 4> options_of{{
    {"username", "INWX_USERNAME", true, false, {}, "the account's user name"},
    {"password", "INWX_PASSWORD", true, true, {}, "the account's password"},
    {"shared_secret",
     "INWX_SHARED_SECRET",
     false,
     true,
     {},
     "what the account's authenticator was set up with (base32), when it has a second factor"},
    {"sandbox", "INWX_SANDBOX", false, false, {}, "true: the vendor's test system"},
}};
constexpr provider_metadata metadata{
    "inwx",
    {},
    "INWX",
    "https://www.inwx.de/en/help/apidoc",
    options_of,
    "INWX_",
    {"https://api.domrobot.com/jsonrpc", 300, 300, {std::chrono::seconds(360), std::chrono::seconds(2)}}};

// The vendor takes a code only once, from whichever object it comes: the last
// period in which a secret was used. Control thread only.
std::map<std::string, std::int64_t>& used_periods() {
  static std::map<std::string, std::int64_t> periods;
  return periods;
}

class inwx final : public record_vendor {
 public:
  explicit inwx(const option_values& options)
      : user_(options["username"]), password_(options["password"]), secret_(options["shared_secret"]) {}

  std::optional<request> login(base::wall_time now) override {
    if (stage_ == stage::open) return std::nullopt;
    if (stage_ == stage::locked)
      return call("account.unlock", {{"tan", totp(secret_.reveal(), now).value_or("")}, {"lang", "en"}});
    return call("account.login", {{"user", user_}, {"pass", password_.reveal()}, {"lang", "en"}});
  }
  std::chrono::milliseconds login_pause(base::wall_time now) const override {
    const auto last = used_periods().find(secret_.reveal());
    if (stage_ != stage::locked || last == used_periods().end() || last->second < totp_period(now)) return {};
    const base::wall_time next(std::chrono::seconds((last->second + 1) * 30));
    return std::chrono::ceil<std::chrono::milliseconds>(next - now);
  }
  base::result<void> take_login(const answer& from, base::wall_time now) override {
    if (stage_ == stage::locked) {
      used_periods()[secret_.reveal()] = totp_period(now);
      stage_ = stage::open;
      return {};
    }
    cookie_ = base::secret(cookies(from));
    if (cookie_.empty()) return base::error(base::errc::protocol, "the vendor opened no session");
    const std::string factor = text_at(from.json(), "resData.tfa");
    const bool has_factor = !factor.empty() && factor != "0";
    if (has_factor && secret_.empty())
      return base::error(base::errc::invalid_argument,
                         "the account has a second factor: give its shared_secret");
    stage_ = has_factor ? stage::locked : stage::open;
    return {};
  }
  // 2200: not logged in; 2201: not unlocked.
  bool is_logged_out(const answer& from) const override {
    return from.status() == 401 || code_of(from) == 2200 || code_of(from) == 2201;
  }
  void forget_login() override {
    stage_ = stage::closed;
    cookie_ = {};
  }
  void authorize(request& to, base::wall_time) const override {
    if (!cookie_.empty()) to.headers.push_back({"Cookie", cookie_.reveal()});
  }

  // Always 200: the body says what became of it.
  outcome judge(const answer& from) const override {
    if (from.status() != 200) return outcome::refused;
    const int code = code_of(from);
    if (code == 2302) return outcome::exists;
    if (code == 2303) return outcome::absent;
    return code >= 1000 && code <= 1500 ? outcome::done : outcome::refused;
  }

  request list(const txt_value& txt, const std::string&) const override {
    return call("nameserver.info",
                {{"domain", txt.zone.id}, {"name", txt.fqdn()}, {"type", "TXT"}, {"lang", "en"}});
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "resData.record"))
      if (text_at(each, "type") == "TXT" && base::equal_ignoring_case(text_at(each, "name"), txt.fqdn()))
        out.items.push_back({text_at(each, "id"), text_at(each, "content")});
    return out;
  }
  request add(const txt_value& txt) const override {
    return call("nameserver.createRecord", {{"domain", txt.zone.id},
                                            {"name", txt.fqdn()},
                                            {"type", "TXT"},
                                            {"content", txt.value()},
                                            {"ttl", txt.ttl},
                                            {"lang", "en"}});
  }
  request remove(const txt_value&, const std::string& id) const override {
    json::object what{{"lang", "en"}};
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (failure == std::errc{} && end == id.data() + id.size())
      what["id"] = number;
    else
      what["id"] = id;
    return call("nameserver.deleteRecord", std::move(what));
  }

 private:
  enum class stage { closed, locked, open };

  static request call(std::string_view method, json::object what) {
    return send_json(
        "POST", "/",
        {{"method", json::string_view(method.data(), method.size())}, {"params", std::move(what)}});
  }
  static int code_of(const answer& from) {
    const std::string text = text_at(from.json(), "code");
    int out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
  }
  static std::string cookies(const answer& from) {
    std::string out;
    for (const base::http_field& each : from.whole().headers)
      if (base::equal_ignoring_case(each.name, "Set-Cookie"))
        out +=
            (out.empty() ? "" : "; ") + std::string(base::trim(each.value.substr(0, each.value.find(';'))));
    return out;
  }

  std::string user_;
  base::secret password_;
  base::secret secret_;
  stage stage_ = stage::closed;
  base::secret cookie_;
};

}  // namespace

const provider_metadata& inwx_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_inwx(const option_values& options, services with) {
  if (!options["shared_secret"].empty() && !totp(options["shared_secret"], base::wall_time()))
    return options.wrong("shared_secret", "is not base32");
  const auto sandbox = options.flag("sandbox");
  if (!sandbox) return sandbox.error();
  provider_metadata of = metadata;
  if (*sandbox) of.defaults.api_url = sandbox_url;
  return make_record_provider(of, options, std::move(with), std::make_unique<inwx>(options));
}

}  // namespace cardea::dnsproviders
