#include "dnsproviders/vendors/bunny.hpp"

#include "base/text.hpp"
#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"api_key", "BUNNY_API_KEY", true, true, {}, "the account's API key"},
}};
constexpr provider_metadata metadata{
    "bunny",
    {},
    "bunny.net",
    "https://docs.bunny.net/reference/dnszonepublic_index",
    options_of,
    "BUNNY_",
    {"https://api.bunny.net", 60, 60, {std::chrono::seconds(120), std::chrono::seconds(2)}}};
constexpr int type_txt = 3;

class bunny final : public record_vendor {
 public:
  explicit bunny(const option_values& options) : key_(options["api_key"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"AccessKey", key_.reveal()});
    to.headers.push_back({"Accept", "application/json"});
  }

  zone_source zones_from() const override { return zone_source::list; }
  // Without a page's number the answer has another shape.
  request zones(const std::string&, const std::string& cursor) const override {
    return get(
        with_query("/dnszone", {{"page", cursor.empty() ? std::string("1") : cursor}, {"perPage", "1000"}}));
  }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json(), "Items"))
      out.items.push_back({text_at(each, "Domain"), text_at(each, "Id")});
    const json::value& here = at(from.json(), "CurrentPage");
    if (text_at(from.json(), "HasMoreItems") == "true" && here.is_int64())
      out.next = std::to_string(here.get_int64() + 1);
    return out;
  }

  request list(const txt_value& txt, const std::string&) const override {
    return get("/dnszone/" + txt.zone.id);
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "Records"))
      if (text_at(each, "Type") == std::to_string(type_txt) &&
          base::equal_ignoring_case(text_at(each, "Name"), txt.relative("")))
        out.items.push_back({text_at(each, "Id"), text_at(each, "Value")});
    return out;
  }
  // Adds one, in spite of the method.
  request add(const txt_value& txt) const override {
    return send_json(
        "PUT", "/dnszone/" + txt.zone.id + "/records",
        {{"Type", type_txt}, {"Name", txt.relative("")}, {"Value", txt.value()}, {"Ttl", txt.ttl}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at("/dnszone/" + txt.zone.id + "/records/" + id);
  }

 private:
  base::secret key_;
};

}  // namespace

const provider_metadata& bunny_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_bunny(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<bunny>(options));
}

}  // namespace cardea::dnsproviders
