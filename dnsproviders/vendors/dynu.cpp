#include "dnsproviders/vendors/dynu.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"api_key", "DYNU_API_KEY", true, true, {}, "the API key of the account"},
}};
constexpr provider_metadata metadata{
    "dynu",
    {},
    "Dynu",
    "https://www.dynu.com/en-US/Support/API",
    options_of,
    "DYNU_",
    {"https://api.dynu.com/v2", 300, 30, {std::chrono::seconds(180), std::chrono::seconds(10)}}};

class dynu final : public record_vendor {
 public:
  explicit dynu(const option_values& options) : key_(options["api_key"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"API-Key", key_.reveal()});
    to.headers.push_back({"Accept", "application/json"});
  }
  // The status that counts is in the body.
  outcome judge(const answer& from) const override {
    const json::value& code = at(from.json(), "statusCode");
    if (!code.is_int64()) return outcome::refused;
    if (code.get_int64() == 404) return outcome::absent;
    return code.get_int64() / 100 == 2 ? outcome::done : outcome::refused;
  }
  std::string words(const answer& from) const override {
    const std::string why = text_at(from.json(), "message");
    return why.empty() ? vendor::words(from) : why;
  }

  // The first question names the zone of the whole name.
  zone_source zones_from() const override { return zone_source::ask; }
  request zones(const std::string& candidate, const std::string&) const override {
    return get("/dns/getroot/" + candidate);
  }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    const std::string name = text_at(from.json(), "domainName");
    if (!name.empty()) out.items.push_back({name, text_at(from.json(), "id")});
    return out;
  }

  request list(const txt_value& txt, const std::string&) const override {
    return get(with_query("/dns/record/" + txt.fqdn(), {{"recordType", "TXT"}}));
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "dnsRecords"))
      if (text_at(each, "hostname") == txt.fqdn())
        out.items.push_back({text_at(each, "id"), text_at(each, "textData")});
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json("POST", "/dns/" + txt.zone.id + "/record",
                     {{"recordType", "TXT"},
                      {"domainName", txt.zone.name},
                      {"hostname", txt.fqdn()},
                      {"nodeName", txt.relative("")},
                      {"textData", txt.value()},
                      {"state", true},
                      {"ttl", txt.ttl}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at("/dns/" + txt.zone.id + "/record/" + id);
  }

 private:
  base::secret key_;
};

}  // namespace

const provider_metadata& dynu_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_dynu(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<dynu>(options));
}

}  // namespace cardea::dnsproviders
