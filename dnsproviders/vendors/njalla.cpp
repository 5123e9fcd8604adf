#include "dnsproviders/vendors/njalla.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"token", "NJALLA_TOKEN", true, true, {}, "an API token"},
}};
constexpr provider_metadata metadata{"njalla",
                                     {},
                                     "Njalla",
                                     "https://njal.la/api/",
                                     options_of,
                                     "NJALLA_",
                                     {"https://njal.la/api/1", 300, 60, {}}};

class njalla final : public record_vendor {
 public:
  explicit njalla(const option_values& options) : token_(options["token"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", "Njalla " + token_.reveal()});
    to.headers.push_back({"Accept", "application/json"});
  }
  // Always 200: an `error` member says no.
  outcome judge(const answer& from) const override {
    if (from.status() != 200 || !at(from.json(), "error").is_null()) return outcome::refused;
    return from.json().is_object() ? outcome::done : outcome::refused;
  }

  zone_source zones_from() const override { return zone_source::list; }
  request zones(const std::string&, const std::string&) const override { return call("list-domains", {}); }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json(), "result.domains"))
      out.items.push_back({text_at(each, "name"), text_at(each, "name")});
    return out;
  }

  request list(const txt_value& txt, const std::string&) const override {
    return call("list-records", {{"domain", txt.zone.id}});
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "result.records"))
      if (text_at(each, "type") == "TXT" && text_at(each, "name") == txt.relative())
        out.items.push_back({text_at(each, "id"), text_at(each, "content")});
    return out;
  }
  request add(const txt_value& txt) const override {
    return call("add-record", {{"domain", txt.zone.id},
                               {"name", txt.relative()},
                               {"type", "TXT"},
                               {"content", txt.value()},
                               {"ttl", allowed(txt.ttl)}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return call("remove-record", {{"domain", txt.zone.id}, {"id", id}});
  }

 private:
  static request call(std::string_view method, const json::object& parameters) {
    return send_json("POST", "/", {{"method", method}, {"params", parameters}});
  }
  // The vendor takes a few values only: the largest that is not above the wish.
  static int allowed(int ttl) {
    int out = 60;
    for (const int each : {60, 300, 900, 3'600, 10'800, 21'600, 86'400})
      if (each <= ttl) out = each;
    return out;
  }

  base::secret token_;
};

}  // namespace

const provider_metadata& njalla_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_njalla(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<njalla>(options));
}

}  // namespace cardea::dnsproviders
