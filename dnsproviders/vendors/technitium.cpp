#include "dnsproviders/vendors/technitium.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 2> options_of{{
    {"base_url",
     "TECHNITIUM_SERVER_BASE_URL",
     false,
     false,
     {},
     "your server's address, as http://127.0.0.1:5380 (or api_url)"},
    {"api_token", "TECHNITIUM_API_TOKEN", true, true, {}, "a permanent API token"},
}};
constexpr provider_metadata metadata{"technitium",
                                     {},
                                     "Technitium DNS Server",
                                     "https://github.com/TechnitiumSoftware/DnsServer/blob/master/APIDOCS.md",
                                     options_of,
                                     "TECHNITIUM_",
                                     {{}, 120, 1, {}, std::chrono::seconds(30), "base_url"}};

class technitium final : public record_vendor {
 public:
  explicit technitium(const option_values& options) : token_(options["api_token"]) {}

  outcome judge(const answer& from) const override {
    const std::string status = text_at(from.json(), "status");
    if (from.status() < 400 && status == "ok") return outcome::done;
    const std::string why = text_at(from.json(), "errorMessage");
    if (why.find("already exists") != std::string::npos) return outcome::exists;
    return why.find("does not exist") != std::string::npos ? outcome::absent : outcome::refused;
  }
  // Never its stack trace.
  std::string words(const answer& from) const override {
    const std::string why = text_at(from.json(), "errorMessage");
    if (!why.empty()) return why;
    return text_at(from.json(), "status") == "invalid-token" ? "the API token is not valid"
                                                             : vendor::words(from);
  }

  // The server finds the zone by itself.
  zone_source zones_from() const override { return zone_source::none; }
  bool has_list() const override { return false; }
  request add(const txt_value& txt) const override {
    return send_form("POST", "/api/zones/records/add",
                     {{"token", token_.reveal()},
                      {"domain", txt.fqdn()},
                      {"type", "TXT"},
                      {"text", txt.value()},
                      {"ttl", std::to_string(txt.ttl)}});
  }
  request remove(const txt_value& txt, const std::string&) const override {
    return send_form(
        "POST", "/api/zones/records/delete",
        {{"token", token_.reveal()}, {"domain", txt.fqdn()}, {"type", "TXT"}, {"text", txt.value()}});
  }

 private:
  base::secret token_;
};

}  // namespace

const provider_metadata& technitium_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_technitium(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<technitium>(options));
}

}  // namespace cardea::dnsproviders
