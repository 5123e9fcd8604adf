#include "dnsproviders/vendors/ionos.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"api_key", "IONOS_API_KEY", true, true, {}, "public prefix, dot and secret of an API key"},
}};
constexpr provider_metadata metadata{
    "ionos",
    {},
    "IONOS",
    "https://developer.hosting.ionos.com/docs/dns",
    options_of,
    "IONOS_",
    {"https://api.hosting.ionos.com/dns", 300, 300, {std::chrono::seconds(900), std::chrono::seconds(2)}}};

class ionos final : public record_vendor {
 public:
  explicit ionos(const option_values& options) : key_(options["api_key"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"X-Api-Key", key_.reveal()});
  }

  zone_source zones_from() const override { return zone_source::list; }
  request zones(const std::string&, const std::string&) const override { return get("/v1/zones"); }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json()))
      out.items.push_back({text_at(each, "name"), text_at(each, "id")});
    return out;
  }

  // The filter takes longer names with the same end too.
  request list(const txt_value& txt, const std::string&) const override {
    return get(with_query("/v1/zones/" + txt.zone.id, {{"suffix", txt.fqdn()}, {"recordType", "TXT"}}));
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "records"))
      if (text_at(each, "name") == txt.fqdn())
        out.items.push_back({text_at(each, "id"), text_at(each, "content")});
    return out;
  }
  // POST adds; PATCH would replace all values of the name.
  request add(const txt_value& txt) const override {
    return send_json_list(
        "POST", "/v1/zones/" + txt.zone.id + "/records",
        json::array{
            json::object{{"name", txt.fqdn()}, {"type", "TXT"}, {"content", txt.value()}, {"ttl", txt.ttl}}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at("/v1/zones/" + txt.zone.id + "/records/" + id);
  }

 private:
  base::secret key_;
};

}  // namespace

const provider_metadata& ionos_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_ionos(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<ionos>(options));
}

}  // namespace cardea::dnsproviders
