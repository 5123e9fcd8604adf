#include "dnsproviders/vendors/vultr.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"api_key", "VULTR_API_KEY", true, true, {}, "an API key; this machine's address must be allowed there"},
}};
constexpr provider_metadata metadata{"vultr",
                                     {},
                                     "Vultr",
                                     "https://www.vultr.com/api/#tag/dns",
                                     options_of,
                                     "VULTR_",
                                     {"https://api.vultr.com", 120, 120, {}}};

class vultr final : public record_vendor {
 public:
  explicit vultr(const option_values& options) : token_(options["api_key"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", bearer(token_.reveal())});
  }

  zone_source zones_from() const override { return zone_source::list; }
  request zones(const std::string&, const std::string& cursor) const override {
    return part("/v2/domains", cursor);
  }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json(), "domains"))
      out.items.push_back({text_at(each, "domain"), text_at(each, "domain")});
    out.next = text_at(from.json(), "meta.links.next");
    return out;
  }

  request list(const txt_value& txt, const std::string& cursor) const override {
    return part(records_of(txt), cursor);
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "records"))
      if (text_at(each, "type") == "TXT" && text_at(each, "name") == txt.relative(""))
        out.items.push_back({text_at(each, "id"), text_at(each, "data")});
    out.next = text_at(from.json(), "meta.links.next");
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json("POST", records_of(txt),
                     {{"name", txt.relative("")},
                      {"type", "TXT"},
                      {"data", txt.quoted()},
                      {"ttl", txt.ttl},
                      {"priority", 0}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at(records_of(txt) + "/" + id);
  }

 private:
  static std::string records_of(const txt_value& txt) { return "/v2/domains/" + txt.zone.id + "/records"; }
  static request part(const std::string& path, const std::string& cursor) {
    if (cursor.empty()) return get(with_query(path, {{"per_page", "500"}}));
    return get(with_query(path, {{"per_page", "500"}, {"cursor", cursor}}));
  }

  base::secret token_;
};

}  // namespace

const provider_metadata& vultr_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_vultr(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<vultr>(options));
}

}  // namespace cardea::dnsproviders
