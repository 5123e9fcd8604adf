#include "dnsproviders/vendors/scaleway.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 3> options_of{{
    {"secret_key", "SCW_SECRET_KEY SCALEWAY_API_TOKEN", true, true, {}, "the secret key of an API key"},
    {"access_key", "SCW_ACCESS_KEY", false, false, {}, "accepted, not needed"},
    {"project_id", "SCALEWAY_PROJECT_ID SCW_PROJECT_ID", false, false, {}, "accepted, not needed"},
}};
constexpr provider_metadata metadata{
    "scaleway",
    {},
    "Scaleway",
    "https://www.scaleway.com/en/developers/api/domains-and-dns/",
    options_of,
    "SCALEWAY_",
    {"https://api.scaleway.com", 60, 60, {std::chrono::seconds(120), std::chrono::seconds(10)}}};

class scaleway final : public record_vendor {
 public:
  explicit scaleway(const option_values& options) : key_(options["secret_key"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"X-Auth-Token", key_.reveal()});
  }

  // The service finds the zone that encloses the name; a value is added and taken by itself.
  zone_source zones_from() const override { return zone_source::none; }
  bool has_list() const override { return false; }
  request add(const txt_value& txt) const override {
    json::array records;
    records.push_back(
        json::object{{"name", txt.fqdn() + "."}, {"type", "TXT"}, {"data", txt.quoted()}, {"ttl", txt.ttl}});
    return change(txt, json::object{{"add", json::object{{"records", std::move(records)}}}});
  }
  request remove(const txt_value& txt, const std::string&) const override {
    const json::object fields{{"name", txt.fqdn() + "."}, {"type", "TXT"}, {"data", txt.quoted()}};
    return change(txt, json::object{{"delete", json::object{{"id_fields", fields}}}});
  }

 private:
  static request change(const txt_value& txt, const json::object& what) {
    json::array changes;
    changes.push_back(what);
    return send_json("PATCH", "/domain/v2beta1/dns-zones/" + txt.fqdn() + "./records",
                     {{"changes", std::move(changes)},
                      {"return_all_records", false},
                      {"disallow_new_zone_creation", true}});
  }

  base::secret key_;
};

}  // namespace

const provider_metadata& scaleway_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_scaleway(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<scaleway>(options));
}

}  // namespace cardea::dnsproviders
