#include "dnsproviders/vendors/clouddns.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>
#include <charconv>
#include <map>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 4> options_of{{
    {"client_id", "CLOUDDNS_CLIENT_ID", true, false, {}, "the client's number in CloudDNS by VSHosting"},
    {"email", "CLOUDDNS_EMAIL", true, false, {}, "of the account"},
    {"password", "CLOUDDNS_PASSWORD", true, true, {}, "of the account"},
    {"login_url",
     "CLOUDDNS_LOGIN_URL",
     false,
     false,
     {},
     "where tokens come from; by default /api/public/auth/login beside the API"},
}};
constexpr provider_metadata metadata{
    "clouddns",
    {},
    "CloudDNS (VSHosting)",
    "https://github.com/vshosting/clouddns",
    options_of,
    "CLOUDDNS_",
    {"https://admin.vshosting.cloud/clouddns", 300, 1, {std::chrono::seconds(120), std::chrono::seconds(5)}},
    "project zone_id allow_private_zone impersonate_service_account service_account service_account_file "
    "service_account_json credentials credentials_file gce_project gce_zone_id gce_service_account "
    "gce_service_account_file google_application_credentials",
    "is one of Google Cloud DNS, whose provider is gcloud; clouddns is CloudDNS by VSHosting"};

/// "https://host:port" of an address.
std::string origin_of(const std::string& url) {
  const auto scheme = url.find("://");
  return scheme == std::string::npos ? url : url.substr(0, url.find_first_of("/?", scheme + 3));
}

class clouddns final : public record_vendor {
 public:
  explicit clouddns(const option_values& options)
      : client_(options["client_id"]),
        email_(options["email"]),
        password_(options["password"]),
        login_url_(options["login_url"]) {
    if (login_url_.empty()) {
      const std::string& given = options["api_url"];
      login_url_ = origin_of(given.empty() ? std::string(metadata.defaults.api_url) : given) +
                   "/api/public/auth/login";
    }
    const std::string& ttl = options["ttl"];
    std::from_chars(ttl.data(), ttl.data() + ttl.size(), given_ttl_);
  }

  std::optional<request> login(base::wall_time) override {
    if (!token_.empty()) return std::nullopt;
    return send_json("POST", login_url_, {{"email", email_}, {"password", password_.reveal()}});
  }
  base::result<void> take_login(const answer& from, base::wall_time) override {
    token_ = base::secret(text_at(from.json(), "auth.accessToken"));
    if (token_.empty()) return base::error(base::errc::protocol, "the answer holds no accessToken");
    return {};
  }
  void forget_login() override { token_ = {}; }
  void authorize(request& to, base::wall_time) const override {
    if (!token_.empty()) to.headers.push_back({"Authorization", bearer(token_.reveal())});
  }
  std::vector<std::string> other_services() const override { return {login_url_}; }

  zone_source zones_from() const override { return zone_source::ask; }
  request zones(const std::string& candidate, const std::string&) const override {
    json::array search;
    search.push_back(json::object{{"name", "clientId"}, {"operator", "eq"}, {"value", client_}});
    search.push_back(json::object{{"name", "domainName"}, {"operator", "eq"}, {"value", candidate + "."}});
    return send_json("POST", "/domain/search", {{"search", std::move(search)}});
  }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json(), "items"))
      out.items.push_back({text_at(each, "domainName"), text_at(each, "id")});
    return out;
  }

  request list(const txt_value& txt, const std::string&) const override {
    return get("/domain/" + txt.zone.id);
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "lastDomainRecordList"))
      if (text_at(each, "type") == "TXT" && text_at(each, "name") == txt.fqdn() + ".")
        out.items.push_back({text_at(each, "id"), text_at(each, "value")});
    const json::value& ttl = at(from.json(), "soaTtl");
    if (ttl.is_int64()) zone_ttls_[txt.zone.id] = ttl.get_int64();
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json(
        "POST", "/record-txt",
        {{"domainId", txt.zone.id}, {"name", txt.fqdn() + "."}, {"value", txt.value()}, {"type", "TXT"}});
  }
  request remove(const txt_value&, const std::string& id) const override {
    return remove_at("/record/" + id);
  }

  // Nothing is visible before. The ttl is the whole zone's: it stays unless somebody asks for another.
  std::optional<request> settle(const hosted_zone& zone, const answer&, const answer* last) const override {
    if (last != nullptr) return std::nullopt;
    const auto known = zone_ttls_.find(zone.id);
    const std::int64_t ttl = given_ttl_ > 0              ? given_ttl_
                             : known != zone_ttls_.end() ? known->second
                                                         : metadata.defaults.ttl;
    return send_json("PUT", "/domain/" + zone.id + "/publish", {{"soaTtl", ttl}});
  }
  bool settles_again() const override { return true; }

 private:
  std::string client_;
  std::string email_;
  base::secret password_;
  std::string login_url_;
  std::int64_t given_ttl_ = 0;
  base::secret token_;
  mutable std::map<std::string, std::int64_t> zone_ttls_;  ///< by the zone's id, as last listed
};

}  // namespace

const provider_metadata& clouddns_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_clouddns(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<clouddns>(options));
}

}  // namespace cardea::dnsproviders
