#include "dnsproviders/vendors/digitalocean.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 2> options_of{{
    {"auth_token",
     "DO_AUTH_TOKEN",
     true,
     true,
     {},
     "an API token with the scopes domain:read, create and delete"},
    {"base_url", "DO_API_URL", false, false, {}, "the same as api_url"},
}};
constexpr provider_metadata metadata{
    "digitalocean",
    {},
    "DigitalOcean",
    "https://docs.digitalocean.com/reference/api/",
    options_of,
    "DO_",
    {"https://api.digitalocean.com", 30, 30, {}, std::chrono::seconds(30), "base_url"}};

class digitalocean final : public record_vendor {
 public:
  explicit digitalocean(const option_values& options) : token_(options["auth_token"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", bearer(token_.reveal())});
  }

  request list(const txt_value& txt, const std::string& cursor) const override {
    if (!cursor.empty()) return get(cursor);
    return get(with_query("/v2/domains/" + txt.zone.name + "/records",
                          {{"type", "TXT"}, {"name", txt.fqdn()}, {"per_page", "200"}}));
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value&) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "domain_records"))
      out.items.push_back({text_at(each, "id"), text_at(each, "data")});
    out.next = text_at(from.json(), "links.pages.next");
    return out;
  }
  // A full name without a final dot would get the zone appended.
  request add(const txt_value& txt) const override {
    return send_json("POST", "/v2/domains/" + txt.zone.name + "/records",
                     {{"type", "TXT"}, {"name", txt.fqdn() + "."}, {"data", txt.value()}, {"ttl", txt.ttl}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at("/v2/domains/" + txt.zone.name + "/records/" + id);
  }

 private:
  base::secret token_;
};

}  // namespace

const provider_metadata& digitalocean_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_digitalocean(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<digitalocean>(options));
}

}  // namespace cardea::dnsproviders
