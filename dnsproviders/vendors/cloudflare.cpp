#include "dnsproviders/vendors/cloudflare.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 5> options_of{{
    {"auth_token",
     "CLOUDFLARE_DNS_API_TOKEN CF_DNS_API_TOKEN CLOUDFLARE_API_TOKEN CF_API_TOKEN",
     false,
     true,
     {},
     "an API token with Zone/DNS/Edit and Zone/Zone/Read"},
    {"zone_token",
     "CLOUDFLARE_ZONE_API_TOKEN CF_ZONE_API_TOKEN",
     false,
     true,
     {},
     "a token for the look-up of zones only"},
    {"auth_email", "CLOUDFLARE_EMAIL CF_API_EMAIL", false, false, {}, "of the account, with auth_key"},
    {"auth_key", "CLOUDFLARE_API_KEY CF_API_KEY", false, true, {}, "the global API key, with auth_email"},
    {"base_url", "CLOUDFLARE_BASE_URL", false, false, {}, "the same as api_url"},
}};
constexpr provider_metadata metadata{"cloudflare",
                                     {},
                                     "Cloudflare",
                                     "https://developers.cloudflare.com/api/",
                                     options_of,
                                     "CLOUDFLARE_ CF_",
                                     {"https://api.cloudflare.com/client/v4",
                                      120,
                                      60,
                                      {std::chrono::seconds(120), std::chrono::seconds(2)},
                                      std::chrono::seconds(30),
                                      "base_url"}};

constexpr std::int64_t record_exists = 81057;
constexpr std::int64_t identical_record_exists = 81058;
constexpr std::string_view zone_list = "/zones?";

/// Codes and words of an "errors" list, nested "error_chain" lists included.
struct api_errors {
  std::vector<std::int64_t> codes;
  std::string words;

  void read(const json::array& list) {
    for (const json::value& each : list) {
      if (const json::value& code = at(each, "code"); code.is_int64()) {
        codes.push_back(code.get_int64());
        words += (words.empty() ? "" : "; ") + text_at(code) + " " + text_at(each, "message");
      }
      read(list_at(each, "error_chain"));
    }
  }
  [[nodiscard]] bool has(std::int64_t code) const {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
  }
};

class cloudflare final : public record_vendor {
 public:
  explicit cloudflare(const option_values& options)
      : token_(options["auth_token"]),
        zone_token_(options["zone_token"]),
        email_(options["auth_email"]),
        key_(options["auth_key"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Accept", "application/json"});
    const bool reads_zones = to.url.find(zone_list) != std::string::npos;
    const base::secret& token = reads_zones && !zone_token_.empty() ? zone_token_ : token_;
    if (!token.empty()) {
      to.headers.push_back({"Authorization", bearer(token.reveal())});
    } else {
      to.headers.push_back({"X-Auth-Email", email_});
      to.headers.push_back({"X-Auth-Key", key_.reveal()});
    }
  }
  // Success is a status and a member of the body.
  outcome judge(const answer& from) const override {
    const api_errors errors = errors_of(from);
    if (errors.has(record_exists) || errors.has(identical_record_exists)) return outcome::exists;
    const outcome by_status = vendor::judge(from);
    if (by_status != outcome::done) return by_status;
    const json::value& success = at(from.json(), "success");
    return success.is_bool() && success.get_bool() ? outcome::done : outcome::refused;
  }
  std::string words(const answer& from) const override { return errors_of(from).words; }

  zone_source zones_from() const override { return zone_source::ask; }
  request zones(const std::string& candidate, const std::string&) const override {
    return get(with_query("/zones", {{"name", candidate}, {"per_page", "50"}}));
  }
  base::result<page<hosted_zone>> read_zones(const answer& from,
                                             const std::string& candidate) const override {
    page<hosted_zone> out;
    // The active one when several accounts have the same zone.
    for (const json::value& each : list_at(from.json(), "result"))
      if (out.items.empty() || text_at(each, "status") == "active")
        out.items = {hosted_zone{candidate, text_at(each, "id")}};
    const bool is_last = std::count(candidate.begin(), candidate.end(), '.') == 1;
    if (out.items.empty() && is_last)
      return base::error(base::errc::not_found,
                         "no zone of the account holds the name (a token without Zone/Zone/Read sees none)");
    return out;
  }

  request list(const txt_value& txt, const std::string& cursor) const override {
    return get(with_query("/zones/" + txt.zone.id + "/dns_records",
                          {{"type", "TXT"},
                           {"name", txt.fqdn()},
                           {"per_page", "100"},
                           {"page", cursor.empty() ? std::string("1") : cursor}}));
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value&) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "result"))
      out.items.push_back({text_at(each, "id"), text_at(each, "content")});
    const json::value& here = at(from.json(), "result_info.page");
    const json::value& last = at(from.json(), "result_info.total_pages");
    if (here.is_int64() && last.is_int64() && here.get_int64() < last.get_int64())
      out.next = std::to_string(here.get_int64() + 1);
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json("POST", "/zones/" + txt.zone.id + "/dns_records",
                     {{"type", "TXT"}, {"name", txt.fqdn()}, {"content", txt.quoted()}, {"ttl", txt.ttl}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at("/zones/" + txt.zone.id + "/dns_records/" + id);
  }

 private:
  static api_errors errors_of(const answer& from) {
    api_errors out;
    out.read(list_at(from.json(), "errors"));
    return out;
  }

  base::secret token_;
  base::secret zone_token_;
  std::string email_;
  base::secret key_;
};

}  // namespace

const provider_metadata& cloudflare_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_cloudflare(const option_values& options, services with) {
  if (options["auth_token"].empty()) {
    if (options["auth_email"].empty() && options["auth_key"].empty())
      return options.wrong("auth_token", "is missing (or auth_email with auth_key)");
    if (options["auth_email"].empty()) return options.wrong("auth_email", "is missing beside auth_key");
    if (options["auth_key"].empty()) return options.wrong("auth_key", "is missing beside auth_email");
  }
  return make_record_provider(metadata, options, std::move(with), std::make_unique<cloudflare>(options));
}

}  // namespace cardea::dnsproviders
