#include "dnsproviders/vendors/luadns.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 2> options_of{{
    {"api_username", "LUADNS_API_USERNAME", true, false, {}, "the account's e-mail address"},
    {"api_token", "LUADNS_API_TOKEN", true, true, {}, "an API token; API access must be on"},
}};
constexpr provider_metadata metadata{
    "luadns",
    {},
    "LuaDNS",
    "https://luadns.com/api.html",
    options_of,
    "LUADNS_",
    {"https://api.luadns.com", 300, 300, {std::chrono::seconds(120), std::chrono::seconds(2)}}};

class luadns final : public record_vendor {
 public:
  explicit luadns(const option_values& options)
      : user_(options["api_username"]), token_(options["api_token"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", basic(user_, token_.reveal())});
    to.headers.push_back({"Accept", "application/json"});
  }

  zone_source zones_from() const override { return zone_source::list; }
  request zones(const std::string&, const std::string&) const override { return get("/v1/zones"); }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json()))
      out.items.push_back({text_at(each, "name"), text_at(each, "id")});
    return out;
  }

  request list(const txt_value& txt, const std::string&) const override { return get(records_of(txt)); }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json()))
      if (text_at(each, "type") == "TXT" && text_at(each, "name") == txt.fqdn() + ".")
        out.items.push_back({text_at(each, "id"), text_at(each, "content")});
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json(
        "POST", records_of(txt),
        {{"name", txt.fqdn() + "."}, {"type", "TXT"}, {"content", txt.value()}, {"ttl", txt.ttl}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at(records_of(txt) + "/" + id);
  }

 private:
  static std::string records_of(const txt_value& txt) { return "/v1/zones/" + txt.zone.id + "/records"; }

  std::string user_;
  base::secret token_;
};

}  // namespace

const provider_metadata& luadns_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_luadns(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<luadns>(options));
}

}  // namespace cardea::dnsproviders
