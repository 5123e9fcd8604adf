#include "dnsproviders/vendors/dnsimple.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 2> options_of{{
    {"access_token",
     "DNSIMPLE_OAUTH_TOKEN",
     true,
     true,
     {},
     "an account token (a user token does not tell its account)"},
    {"base_url", "DNSIMPLE_BASE_URL", false, false, {}, "the same as api_url"},
}};
constexpr provider_metadata metadata{
    "dnsimple",
    {},
    "DNSimple",
    "https://developer.dnsimple.com/v2/",
    options_of,
    "DNSIMPLE_",
    {"https://api.dnsimple.com", 120, 60, {}, std::chrono::seconds(30), "base_url"}};

// Requests are built before the login that tells the account: it is put in when they are sent.
constexpr std::string_view account_place = "{account}";

class dnsimple final : public record_vendor {
 public:
  explicit dnsimple(const option_values& options) : token_(options["access_token"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", bearer(token_.reveal())});
    if (const auto at = to.url.find(account_place); at != std::string::npos)
      to.url.replace(at, account_place.size(), account_);
  }

  // Paths hold the account, which the token belongs to.
  std::optional<request> login(base::wall_time) override {
    if (!account_.empty()) return std::nullopt;
    return get("/v2/whoami");
  }
  base::result<void> take_login(const answer& from, base::wall_time) override {
    account_ = text_at(from.json(), "data.account.id");
    if (account_.empty())
      return base::error(base::errc::invalid_argument,
                         "access_token is a user's: make an account's token instead");
    return {};
  }
  void forget_login() override { account_.clear(); }

  zone_source zones_from() const override { return zone_source::ask; }
  request zones(const std::string& candidate, const std::string&) const override {
    return get("/v2/" + std::string(account_place) + "/zones/" + candidate);
  }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    const std::string name = text_at(from.json(), "data.name");
    if (!name.empty()) out.items.push_back({name, name});
    return out;
  }

  request list(const txt_value& txt, const std::string& cursor) const override {
    return get(with_query(records_of(txt), {{"name", txt.relative("")},
                                            {"type", "TXT"},
                                            {"per_page", "100"},
                                            {"page", cursor.empty() ? std::string("1") : cursor}}));
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value&) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "data"))
      out.items.push_back({text_at(each, "id"), text_at(each, "content")});
    const json::value& here = at(from.json(), "pagination.current_page");
    const json::value& last = at(from.json(), "pagination.total_pages");
    if (here.is_int64() && last.is_int64() && here.get_int64() < last.get_int64())
      out.next = std::to_string(here.get_int64() + 1);
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json(
        "POST", records_of(txt),
        {{"type", "TXT"}, {"name", txt.relative("")}, {"content", txt.value()}, {"ttl", txt.ttl}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at(records_of(txt) + "/" + id);
  }

 private:
  static std::string records_of(const txt_value& txt) {
    return "/v2/" + std::string(account_place) + "/zones/" + txt.zone.id + "/records";
  }

  base::secret token_;
  std::string account_;
};

}  // namespace

const provider_metadata& dnsimple_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_dnsimple(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<dnsimple>(options));
}

}  // namespace cardea::dnsproviders
