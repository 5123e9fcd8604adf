#include "dnsproviders/vendors/linode.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <boost/json/serialize.hpp>

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"token", "LINODE_TOKEN", true, true, {}, "a personal access token with the scope domains:read_write"},
}};
constexpr provider_metadata metadata{
    "linode",
    "linodev4",
    "Linode (Akamai Cloud)",
    "https://techdocs.akamai.com/linode-api/reference/get-domains",
    options_of,
    "LINODE_",
    {"https://api.linode.com/v4", 300, 300, {std::chrono::seconds(120), std::chrono::seconds(15)}}};

class linode final : public record_vendor {
 public:
  explicit linode(const option_values& options) : token_(options["token"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", bearer(token_.reveal())});
  }
  // The vendor's word for "again later".
  bool is_busy(const answer& from) const override {
    const json::array& errors = list_at(from.json(), "errors");
    return from.status() == 400 && !errors.empty() && text_at(errors.front(), "reason") == "Linode busy.";
  }

  zone_source zones_from() const override { return zone_source::ask; }
  request zones(const std::string& candidate, const std::string&) const override {
    return filtered("/domains", {{"domain", candidate}});
  }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json(), "data"))
      out.items.push_back({text_at(each, "domain"), text_at(each, "id")});
    return out;
  }

  request list(const txt_value& txt, const std::string& cursor) const override {
    const std::string number = cursor.empty() ? "1" : cursor;
    return filtered(with_query(records_of(txt), {{"page", number}, {"page_size", "500"}}), {{"type", "TXT"}});
  }
  // Names come relative to the zone, and from older records whole.
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "data")) {
      const std::string name = text_at(each, "name");
      if (name == txt.relative("") || name == txt.fqdn())
        out.items.push_back({text_at(each, "id"), text_at(each, "target")});
    }
    const json::value& here = at(from.json(), "page");
    const json::value& last = at(from.json(), "pages");
    if (here.is_int64() && last.is_int64() && here.get_int64() < last.get_int64())
      out.next = std::to_string(here.get_int64() + 1);
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json("POST", records_of(txt),
                     {{"type", "TXT"}, {"name", txt.fqdn()}, {"target", txt.value()}, {"ttl_sec", txt.ttl}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at(records_of(txt) + "/" + id);
  }

 private:
  static std::string records_of(const txt_value& txt) { return "/domains/" + txt.zone.id + "/records"; }
  static request filtered(std::string path, const json::object& filter) {
    request out = get(std::move(path));
    out.headers.push_back({"X-Filter", json::serialize(filter)});
    return out;
  }

  base::secret token_;
};

}  // namespace

const provider_metadata& linode_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_linode(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<linode>(options));
}

}  // namespace cardea::dnsproviders
