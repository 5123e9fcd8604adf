#include "dnsproviders/vendors/pdns.hpp"

#include "dnsproviders/rrset_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 3> options_of{{
    {"host",
     "PDNS_API_URL",
     false,
     false,
     {},
     "your server's address, as http://127.0.0.1:8081 (or api_url)"},
    {"api_key", "PDNS_API_KEY", true, true, {}, "its api-key"},
    {"server_name", "PDNS_SERVER_NAME", false, false, "localhost", "the server's id in its API"},
}};
constexpr provider_metadata metadata{
    "pdns",
    {},
    "PowerDNS",
    "https://doc.powerdns.com/authoritative/http-api/",
    options_of,
    "PDNS_",
    {{}, 120, 1, {std::chrono::seconds(120), std::chrono::seconds(2)}, std::chrono::seconds(30), "host"}};

class pdns final : public rrset_vendor {
 public:
  explicit pdns(const option_values& options)
      : key_(options["api_key"]), zones_("/api/v1/servers/" + options["server_name"] + "/zones/") {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"X-API-Key", key_.reveal()});
    to.headers.push_back({"Accept", "application/json"});
  }
  // Older servers say 422 for a zone that they have not got.
  outcome judge(const answer& from) const override {
    const bool is_unknown =
        from.status() == 422 && words(from).find("Could not find domain") != std::string::npos;
    return is_unknown ? outcome::absent : vendor::judge(from);
  }

  zone_source zones_from() const override { return zone_source::ask; }
  request zones(const std::string& candidate, const std::string&) const override {
    return get(zones_ + candidate + ".?rrsets=false");
  }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    out.items.push_back(
        {text_at(from.json(), "name"), text_at(from.json(), "id"), text_at(from.json(), "kind")});
    return out;
  }

  request read(const txt_value& txt) const override {
    return get(with_query(zones_ + txt.zone.id, {{"rrset_name", txt.fqdn() + "."}, {"rrset_type", "TXT"}}));
  }
  // Servers that do not know the query's filter give the whole zone.
  base::result<rrset> read_set(const answer& from, const txt_value& txt) const override {
    rrset out;
    for (const json::value& set : list_at(from.json(), "rrsets")) {
      if (text_at(set, "type") != "TXT" || text_at(set, "name") != txt.fqdn() + ".") continue;
      const json::value& ttl = at(set, "ttl");
      if (ttl.is_int64()) out.ttl = static_cast<int>(ttl.get_int64());
      for (const json::value& each : list_at(set, "records")) out.values.push_back(text_at(each, "content"));
    }
    return out;
  }
  request write(const txt_value& txt, const rrset& old,
                const std::vector<std::string>& values) const override {
    json::object set{{"name", txt.fqdn() + "."}, {"type", "TXT"}};
    set["changetype"] = values.empty() ? "DELETE" : "REPLACE";
    if (!values.empty()) {
      json::array records;
      for (const std::string& each : values)
        records.push_back(json::object{{"content", "\"" + each + "\""}, {"disabled", false}});
      set["ttl"] = old.ttl.value_or(txt.ttl);
      set["records"] = std::move(records);
    }
    json::array sets;
    sets.push_back(std::move(set));
    return send_json("PATCH", zones_ + txt.zone.id, {{"rrsets", std::move(sets)}});
  }
  // A primary tells its secondaries; a native zone has none to tell.
  std::optional<request> settle(const hosted_zone& zone, const answer&, const answer* last) const override {
    if (last != nullptr || (zone.extra != "Master" && zone.extra != "Slave")) return std::nullopt;
    return send_json("PUT", zones_ + zone.id + "/notify", {});
  }

 private:
  base::secret key_;
  std::string zones_;
};

}  // namespace

const provider_metadata& pdns_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_pdns(const option_values& options, services with) {
  return make_rrset_provider(metadata, options, std::move(with), std::make_unique<pdns>(options));
}

}  // namespace cardea::dnsproviders
