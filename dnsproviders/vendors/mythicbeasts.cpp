#include "dnsproviders/vendors/mythicbeasts.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 4> options_of{{
    {"api_endpoint", "MYTHICBEASTS_API_ENDPOINT", false, false, {}, "the same as api_url"},
    {"username", "MYTHICBEASTS_USERNAME", true, false, {}, "the id of an API key"},
    {"password", "MYTHICBEASTS_PASSWORD", true, true, {}, "its secret"},
    {"auth_api_endpoint", "MYTHICBEASTS_AUTH_API_ENDPOINT", false, false,
     "https://auth.mythic-beasts.com/login", "where tokens come from"},
}};
constexpr provider_metadata metadata{
    "mythicbeasts",
    {},
    "Mythic Beasts",
    "https://www.mythic-beasts.com/support/api/dnsv2",
    options_of,
    "MYTHICBEASTS_",
    {"https://api.mythic-beasts.com/dns/v2", 120, 60, {}, std::chrono::seconds(10), "api_endpoint"}};

class mythicbeasts final : public record_vendor {
 public:
  explicit mythicbeasts(const option_values& options)
      : id_(options["username"]), secret_(options["password"]), login_url_(options["auth_api_endpoint"]) {}

  std::optional<request> login(base::wall_time now) override {
    if (!token_.empty() && now < good_until_) return std::nullopt;
    token_ = {};
    return send_form("POST", login_url_, {{"grant_type", "client_credentials"}});
  }
  base::result<void> take_login(const answer& from, base::wall_time now) override {
    token_ = base::secret(text_at(from.json(), "access_token"));
    if (token_.empty()) return base::error(base::errc::protocol, "the answer holds no access_token");
    const json::value& lives = at(from.json(), "expires_in");
    const std::int64_t seconds = lives.is_int64() ? lives.get_int64() : 60;
    // A little early: it must last for the request that follows.
    good_until_ = now + std::chrono::seconds(seconds) - std::chrono::seconds(30);
    return {};
  }
  void forget_login() override { token_ = {}; }
  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back(
        {"Authorization", token_.empty() ? basic(id_, secret_.reveal()) : bearer(token_.reveal())});
  }
  std::vector<std::string> other_services() const override { return {login_url_}; }

  // A set that takes and loses single values: nothing to look up.
  bool has_list() const override { return false; }
  request add(const txt_value& txt) const override {
    json::array records;
    records.push_back(
        json::object{{"host", txt.relative()}, {"ttl", txt.ttl}, {"type", "TXT"}, {"data", txt.value()}});
    return send_json("POST", path_of(txt), {{"records", std::move(records)}});
  }
  request remove(const txt_value& txt, const std::string&) const override {
    return remove_at(with_query(path_of(txt), {{"data", txt.value()}}));
  }

 private:
  static std::string path_of(const txt_value& txt) {
    return "/zones/" + txt.zone.name + "/records/" + txt.relative() + "/TXT";
  }

  std::string id_;
  base::secret secret_;
  std::string login_url_;
  base::secret token_;
  base::wall_time good_until_{};
};

}  // namespace

const provider_metadata& mythicbeasts_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_mythicbeasts(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<mythicbeasts>(options));
}

}  // namespace cardea::dnsproviders
