#include "dnsproviders/vendors/cloudns.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <algorithm>
#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 3> options_of{{
    {"auth_id", "CLOUDNS_AUTH_ID", false, false, {}, "the API user's id"},
    {"sub_auth_id",
     "CLOUDNS_SUB_AUTH_ID",
     false,
     false,
     {},
     "an API sub-user's id, which goes before auth_id"},
    {"auth_password", "CLOUDNS_AUTH_PASSWORD", true, true, {}, "of that user"},
}};
constexpr provider_metadata metadata{
    "cloudns",
    {},
    "ClouDNS",
    "https://www.cloudns.net/wiki/article/42/",
    options_of,
    "CLOUDNS_",
    {"https://api.cloudns.net/dns", 60, 1, {std::chrono::seconds(180), std::chrono::seconds(10)}}};

// https://www.cloudns.net/wiki/article/58/
constexpr std::array<int, 13> allowed_ttls{60,    300,    900,    1800,   3600,    21600,  43200,
                                           86400, 172800, 259200, 604800, 1209600, 2592000};

class cloudns final : public record_vendor {
 public:
  explicit cloudns(const option_values& options)
      : id_(options["auth_id"]), sub_id_(options["sub_auth_id"]), password_(options["auth_password"]) {}

  // In the body where there is one: addresses are written down in more places.
  void authorize(request& to, base::wall_time) const override {
    const bool is_sub = !sub_id_.empty();
    const parameters credentials{{is_sub ? "sub-auth-id" : "auth-id", is_sub ? sub_id_ : id_},
                                 {"auth-password", password_.reveal()}};
    if (to.method == "POST")
      to.body += "&" + with_query({}, credentials).substr(1);
    else
      to.url = with_query(to.url, credentials);
  }

  // 200 says nothing.
  outcome judge(const answer& from) const override {
    if (text_at(from.json(), "status") != "Failed") return vendor::judge(from);
    // The vendor's words for a zone that the account does not have.
    return text_at(from.json(), "statusDescription") == "Missing domain-name" ? outcome::absent
                                                                              : outcome::refused;
  }

  zone_source zones_from() const override { return zone_source::ask; }
  request zones(const std::string& candidate, const std::string&) const override {
    return get(with_query("/get-zone-info.json", {{"domain-name", candidate}}));
  }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    out.items.push_back({text_at(from.json(), "name"), text_at(from.json(), "name")});
    return out;
  }

  request list(const txt_value& txt, const std::string&) const override {
    parameters fields{{"domain-name", txt.zone.id}, {"type", "TXT"}};
    if (const std::string host = txt.relative(""); !host.empty()) fields.push_back({"host", host});
    return get(with_query("/records.json", fields));
  }
  // An object by record ids; without records an empty array.
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    const json::object* records = from.json().if_object();
    if (records == nullptr) return out;
    for (const auto& [id, each] : *records)
      if (text_at(each, "type") == "TXT" && text_at(each, "host") == txt.relative(""))
        out.items.push_back({text_at(each, "id"), text_at(each, "record")});
    return out;
  }
  request add(const txt_value& txt) const override {
    const auto* ttl = std::lower_bound(allowed_ttls.begin(), allowed_ttls.end(), txt.ttl);
    return send_form("POST", "/add-record.json",
                     {{"domain-name", txt.zone.id},
                      {"record-type", "TXT"},
                      {"host", txt.relative("")},
                      {"record", txt.value()},
                      {"ttl", std::to_string(ttl == allowed_ttls.end() ? allowed_ttls.back() : *ttl)}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return send_form("POST", "/delete-record.json", {{"domain-name", txt.zone.id}, {"record-id", id}});
  }

  // Until all of its servers have an addition: more of them than the NS records show answer the CA.
  std::optional<request> settle(const hosted_zone& zone, const answer& written,
                                const answer* last) const override {
    if (text_at(written.json(), "statusDescription").find("deleted") != std::string::npos)
      return std::nullopt;
    const auto is_updated = [](const json::value& each) { return text_at(each, "updated") == "true"; };
    if (last != nullptr) {
      const json::array& servers = list_at(last->json());
      if (!servers.empty() && std::all_of(servers.begin(), servers.end(), is_updated)) return std::nullopt;
    }
    return get(with_query("/update-status.json", {{"domain-name", zone.id}}));
  }

 private:
  std::string id_;
  std::string sub_id_;
  base::secret password_;
};

}  // namespace

const provider_metadata& cloudns_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_cloudns(const option_values& options, services with) {
  if (options["auth_id"].empty() && options["sub_auth_id"].empty())
    return options.wrong("auth_id", "is missing (or sub_auth_id)");
  return make_record_provider(metadata, options, std::move(with), std::make_unique<cloudns>(options));
}

}  // namespace cardea::dnsproviders
