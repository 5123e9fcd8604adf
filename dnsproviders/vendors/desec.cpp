#include "dnsproviders/vendors/desec.hpp"

#include "dnsproviders/rrset_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"token", "DESEC_TOKEN", true, true, {}, "an API token"},
}};
constexpr provider_metadata metadata{
    "desec",
    {},
    "deSEC.io",
    "https://desec.readthedocs.io/",
    options_of,
    "DESEC_",
    {"https://desec.io/api/v1", 3600, 1, {std::chrono::seconds(120), std::chrono::seconds(4)}}};

class desec final : public rrset_vendor {
 public:
  explicit desec(const option_values& options) : token_(options["token"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", "Token " + token_.reveal()});
  }

  // The vendor itself finds the zone that holds a name: the first question has the answer.
  zone_source zones_from() const override { return zone_source::ask; }
  request zones(const std::string& candidate, const std::string&) const override {
    return get(with_query("/domains/", {{"owns_qname", candidate}}));
  }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json()))
      out.items.push_back({text_at(each, "name"), text_at(each, "name"), text_at(each, "minimum_ttl")});
    return out;
  }

  request read(const txt_value& txt) const override { return get(path_of(txt)); }
  base::result<rrset> read_set(const answer& from, const txt_value&) const override {
    rrset out;
    for (const json::value& each : list_at(from.json(), "records")) out.values.push_back(text_at(each));
    return out;
  }
  request write(const txt_value& txt, const rrset& old,
                const std::vector<std::string>& values) const override {
    json::array records;
    for (const std::string& each : values) records.push_back(json::string("\"" + each + "\""));
    if (!old.values.empty()) return send_json("PATCH", path_of(txt), {{"records", std::move(records)}});
    return send_json("POST", "/domains/" + txt.zone.id + "/rrsets/",
                     {{"subname", txt.relative("")},
                      {"type", "TXT"},
                      {"records", std::move(records)},
                      {"ttl", std::max(txt.ttl, minimum_ttl(txt.zone))}});
  }

 private:
  static std::string path_of(const txt_value& txt) {
    return "/domains/" + txt.zone.id + "/rrsets/" + txt.relative() + "/TXT/";
  }
  static int minimum_ttl(const hosted_zone& zone) {
    int out = 0;
    std::from_chars(zone.extra.data(), zone.extra.data() + zone.extra.size(), out);
    return out;
  }

  base::secret token_;
};

}  // namespace

const provider_metadata& desec_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_desec(const option_values& options, services with) {
  return make_rrset_provider(metadata, options, std::move(with), std::make_unique<desec>(options));
}

}  // namespace cardea::dnsproviders
