#include "dnsproviders/vendors/azuredns.hpp"

#include "base/dns_name.hpp"
#include "base/text.hpp"
#include "dnsproviders/rrset_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace cardea::dnsproviders {
namespace {

constexpr std::chrono::minutes token_margin{1};
// Link-local: of the machine that we run on.
constexpr std::string_view machine_url = "http://169.254.169.254/metadata/identity/oauth2/token";

constexpr std::array<option_spec, 11> options_of{{
    {"tenant_id", "AZURE_TENANT_ID", false, false, {}, "the directory of the client"},
    {"client_id", "AZURE_CLIENT_ID", false, false, {}, "an application, or a user-assigned identity (msi)"},
    {"client_secret", "AZURE_CLIENT_SECRET", false, true, {}, "of the application"},
    {"oidc_token", "AZURE_OIDC_TOKEN", false, true, {}, "a federated token instead of client_secret"},
    {"auth_method",
     "AZURE_AUTH_METHOD",
     false,
     false,
     {},
     "env (secret), oidc, msi (the machine's identity); otherwise what the other options allow"},
    {"subscription_id", "AZURE_SUBSCRIPTION_ID", false, false, {}, "the zone's; else all that are visible"},
    {"resource_group", "AZURE_RESOURCE_GROUP", false, false, {}, "the zone's; else all that are visible"},
    {"zone_name", "AZURE_ZONE_NAME", false, false, {}, "the zone, instead of looking for it"},
    {"private_zone", "AZURE_PRIVATE_ZONE", false, false, "false", "the zone is a private one"},
    {"service_discovery_filter",
     "AZURE_SERVICEDISCOVERY_FILTER",
     false,
     false,
     {},
     "a stage for the query of the zones: where ..."},
    {"environment", "AZURE_ENVIRONMENT", false, false, "public", "public, china or usgovernment"},
}};
constexpr provider_metadata metadata{"azuredns",
                                     {},
                                     "Azure DNS",
                                     "https://learn.microsoft.com/en-us/rest/api/dns/record-sets",
                                     options_of,
                                     "AZURE_",
                                     {{}, 60, 1, {std::chrono::seconds(120), std::chrono::seconds(2)}}};

struct cloud {
  std::string_view name;
  std::string_view manager;
  std::string_view login;
};
constexpr std::array<cloud, 3> clouds{{
    {"public", "https://management.azure.com", "https://login.microsoftonline.com"},
    {"china", "https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn"},
    {"usgovernment", "https://management.usgovcloudapi.net", "https://login.microsoftonline.us"},
}};

class azuredns final : public rrset_vendor {
 public:
  azuredns(const option_values& options, const cloud& at_cloud, bool is_machine, bool is_private)
      : manager_(at_cloud.manager),
        tokens_(std::string(at_cloud.login) + "/" + base::percent_encode(options["tenant_id"]) +
                "/oauth2/v2.0/token"),
        client_(options["client_id"]),
        client_secret_(options["client_secret"]),
        assertion_(options["oidc_token"]),
        subscription_(options["subscription_id"]),
        group_(options["resource_group"]),
        zone_(base::normalise_dns_name(options["zone_name"])),
        filter_(options["service_discovery_filter"]),
        is_machine_(is_machine),
        is_private_(is_private) {
    if (base::equal_ignoring_case(options["auth_method"], "oidc")) client_secret_ = {};
    if (base::equal_ignoring_case(options["auth_method"], "env")) assertion_ = {};
  }

  std::optional<request> login(base::wall_time now) override {
    if (!token_.empty() && now < token_end_) return std::nullopt;
    if (is_machine_) {
      parameters query{{"api-version", "2018-02-01"}, {"resource", manager_}};
      if (!client_.empty()) query.emplace_back("client_id", client_);
      request out = get(with_query(machine_url, query));
      out.headers.push_back({"Metadata", "true"});
      return out;
    }
    parameters form{
        {"grant_type", "client_credentials"}, {"client_id", client_}, {"scope", manager_ + "/.default"}};
    if (!client_secret_.empty()) {
      form.emplace_back("client_secret", client_secret_.reveal());
    } else {
      form.emplace_back("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
      form.emplace_back("client_assertion", assertion_.reveal());
    }
    return send_form("POST", tokens_, form);
  }
  base::result<void> take_login(const answer& from, base::wall_time now) override {
    token_ = base::secret(text_at(from.json(), "access_token"));
    if (token_.empty()) return base::error(base::errc::protocol, "the vendor gave no token");
    const std::string life = text_at(from.json(), "expires_in");
    int seconds = 0;
    std::from_chars(life.data(), life.data() + life.size(), seconds);
    token_end_ = std::max(now + std::chrono::seconds(seconds) - token_margin, now + std::chrono::seconds(1));
    return {};
  }
  void forget_login() override { token_ = {}; }
  void authorize(request& to, base::wall_time) const override {
    if (!to.url.starts_with(tokens_) && !to.url.starts_with(machine_url))
      to.headers.push_back({"Authorization", bearer(token_.reveal())});
  }
  std::vector<std::string> other_services() const override {
    return {is_machine_ ? std::string(machine_url) : tokens_};
  }

  std::string words(const answer& from) const override {
    const std::string message = text_at(from.json(), "error.message");
    if (!message.empty()) return text_at(from.json(), "error.code") + ": " + message;
    const std::string of_login = text_at(from.json(), "error_description");
    return of_login.empty() ? vendor::words(from) : of_login;
  }

  // Who says where the zone is needs no right to look for it.
  zone_source zones_from() const override {
    const bool is_whole = !subscription_.empty() && !group_.empty() && zone_.empty();
    return is_whole ? zone_source::dns : zone_source::list;
  }
  request zones(const std::string&, const std::string& cursor) const override {
    if (knows_zone()) return get(id_of(zone_) + version());
    std::string query = "resources | where type =~ \"microsoft.network/" +
                        std::string(is_private_ ? "privatednszones" : "dnszones") + "\"";
    if (!subscription_.empty()) query += " | where subscriptionId =~ \"" + subscription_ + "\"";
    if (!group_.empty()) query += " | where resourceGroup =~ \"" + group_ + "\"";
    if (!zone_.empty()) query += " | where name =~ \"" + zone_ + "\"";
    if (!filter_.empty()) query += " | " + filter_;
    json::object options{{"resultFormat", "objectArray"}};
    if (!cursor.empty()) options["$skipToken"] = cursor;
    return send_json("POST", "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01",
                     {{"query", query + " | project id, name"}, {"options", std::move(options)}});
  }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    if (knows_zone()) {
      out.items.push_back({zone_, id_of(zone_)});
      return out;
    }
    for (const json::value& each : list_at(from.json(), "data")) {
      hosted_zone zone{text_at(each, "name"), text_at(each, "id")};
      if (!zone.id.starts_with("/subscriptions/")) continue;
      for (const hosted_zone& other : out.items)
        if (base::equal_ignoring_case(other.name, zone.name))
          return base::error(base::errc::invalid_argument, "there are several zones '" + zone.name +
                                                               "': give subscription_id and resource_group");
      out.items.push_back(std::move(zone));
    }
    out.next = text_at(from.json(), "$skipToken");
    return out;
  }

  request read(const txt_value& txt) const override { return get(path_of(txt)); }
  base::result<rrset> read_set(const answer& from, const txt_value&) const override {
    const json::value& set = at(from.json(), "properties");
    if (!set.is_object()) return base::error(base::errc::protocol, "the vendor's answer is not a record set");
    rrset out;
    out.raw = text_at(from.json(), "etag");
    for (const json::value& each : list_at(set, is_private_ ? "txtRecords" : "TXTRecords")) {
      std::string value;
      for (const json::value& part : list_at(each, "value")) value += text_at(part);
      out.values.push_back(std::move(value));
    }
    if (const json::value& ttl = at(set, is_private_ ? "ttl" : "TTL"); ttl.is_int64())
      out.ttl = static_cast<int>(ttl.get_int64());
    return out;
  }
  // The condition makes the vendor refuse (412) when the set has changed since it was read.
  request write(const txt_value& txt, const rrset& old,
                const std::vector<std::string>& values) const override {
    request out = values.empty() ? remove_at(path_of(txt)) : put(txt, old, values);
    if (!old.raw.empty())
      out.headers.push_back({"If-Match", old.raw});
    else if (old.values.empty())
      out.headers.push_back({"If-None-Match", "*"});
    return out;
  }

 private:
  // A string of a TXT record has at most 255 bytes.
  static json::array strings_of(std::string_view value) {
    constexpr std::size_t string_bytes_max = 255;
    json::array out;
    do {
      const std::string_view part = value.substr(0, string_bytes_max);
      out.push_back(json::string(part.data(), part.size()));
      value.remove_prefix(part.size());
    } while (!value.empty());
    return out;
  }
  request put(const txt_value& txt, const rrset& old, const std::vector<std::string>& values) const {
    json::array records;
    for (const std::string& each : values) records.push_back(json::object{{"value", strings_of(each)}});
    return send_json(
        "PUT", path_of(txt),
        {{"properties", json::object{{is_private_ ? "ttl" : "TTL", old.ttl.value_or(txt.ttl)},
                                     {is_private_ ? "txtRecords" : "TXTRecords", std::move(records)}}}});
  }
  bool knows_zone() const { return !subscription_.empty() && !group_.empty() && !zone_.empty(); }
  std::string id_of(const std::string& zone) const {
    return "/subscriptions/" + base::percent_encode(subscription_) + "/resourceGroups/" +
           base::percent_encode(group_) + "/providers/Microsoft.Network/" +
           (is_private_ ? "privateDnsZones/" : "dnsZones/") + zone;
  }
  std::string version() const { return is_private_ ? "?api-version=2020-06-01" : "?api-version=2018-05-01"; }
  std::string path_of(const txt_value& txt) const {
    const bool has_id = txt.zone.id.starts_with('/');
    return (has_id ? txt.zone.id : id_of(txt.zone.name)) + "/TXT/" + txt.relative() + version();
  }

  std::string manager_;
  std::string tokens_;
  std::string client_;
  base::secret client_secret_;
  base::secret assertion_;
  std::string subscription_;
  std::string group_;
  std::string zone_;
  std::string filter_;
  bool is_machine_;
  bool is_private_;
  base::secret token_;
  base::wall_time token_end_;
};

/// Whether the machine's identity is to be used; else an application's credentials are whole.
base::result<bool> is_machine(const option_values& options) {
  const std::string method = base::to_lower(options["auth_method"]);
  if (method == "msi") return true;
  if (!method.empty() && method != "env" && method != "oidc")
    return options.wrong("auth_method", "is not supported: env, oidc or msi");
  const bool has_secret = !options["client_secret"].empty();
  const bool has_token = !options["oidc_token"].empty();
  if (method.empty() && !has_secret && !has_token) {
    if (!options["tenant_id"].empty()) return options.wrong("client_secret", "is missing (or oidc_token)");
    return true;
  }
  if (method.empty() && has_secret && has_token)
    return options.wrong("oidc_token", "contradicts client_secret: give one of them, or auth_method");
  if (method == "env" && !has_secret) return options.wrong("client_secret", "is missing");
  if (method == "oidc" && !has_token) return options.wrong("oidc_token", "is missing");
  for (const std::string_view each : {"tenant_id", "client_id"})
    if (options[each].empty()) return options.wrong(each, "is missing");
  return false;
}

}  // namespace

const provider_metadata& azuredns_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_azuredns(const option_values& options, services with) {
  const auto at_cloud = std::find_if(clouds.begin(), clouds.end(), [&](const cloud& each) {
    return base::equal_ignoring_case(each.name, options["environment"]);
  });
  if (at_cloud == clouds.end()) return options.wrong("environment", "is not public, china or usgovernment");
  const auto machine = is_machine(options);
  if (!machine) return machine.error();
  const auto is_private = options.flag("private_zone");
  if (!is_private) return is_private.error();
  // They stand in the text of a query.
  for (const std::string_view each : {"subscription_id", "resource_group", "zone_name"})
    if (options[each].find_first_of("\"'\\|/\n") != std::string::npos)
      return options.wrong(each, "has a character that no such name has");
  provider_metadata of = metadata;
  of.defaults.api_url = at_cloud->manager;
  return make_rrset_provider(of, options, std::move(with),
                             std::make_unique<azuredns>(options, *at_cloud, *machine, *is_private));
}

}  // namespace cardea::dnsproviders
