#include "dnsproviders/vendors/civo.hpp"

#include "base/text.hpp"
#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"token", "CIVO_TOKEN", true, true, {}, "the API key of the account"},
}};
constexpr provider_metadata metadata{
    "civo",
    {},
    "Civo",
    "https://www.civo.com/api/dns",
    options_of,
    "CIVO_",
    {"https://api.civo.com/v2", 600, 600, {std::chrono::seconds(300), std::chrono::seconds(30)}}};

// The vendor wants a region; DNS does not depend on it.
const std::string anywhere = "?region=LON1";

class civo final : public record_vendor {
 public:
  explicit civo(const option_values& options) : token_(options["token"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", bearer(token_.reveal())});
  }

  zone_source zones_from() const override { return zone_source::list; }
  request zones(const std::string&, const std::string&) const override { return get("/dns" + anywhere); }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json()))
      out.items.push_back({text_at(each, "name"), text_at(each, "id")});
    return out;
  }

  request list(const txt_value& txt, const std::string&) const override {
    return get(records_of(txt) + anywhere);
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json()))
      if (base::to_lower(text_at(each, "type")) == "txt" && text_at(each, "name") == txt.relative())
        out.items.push_back({text_at(each, "id"), text_at(each, "value")});
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json("POST", records_of(txt),
                     {{"name", txt.relative()}, {"value", txt.value()}, {"type", "TXT"}, {"ttl", txt.ttl}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at(records_of(txt) + "/" + id + anywhere);
  }

 private:
  static std::string records_of(const txt_value& txt) { return "/dns/" + txt.zone.id + "/records"; }

  base::secret token_;
};

}  // namespace

const provider_metadata& civo_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_civo(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<civo>(options));
}

}  // namespace cardea::dnsproviders
