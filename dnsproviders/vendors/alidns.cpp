#include "dnsproviders/vendors/alidns.hpp"

#include "base/crypto.hpp"
#include "base/fetch_target.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "dnsproviders/nonce.hpp"
#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace cardea::dnsproviders {
namespace {

// What tells a virtual machine of the vendor the keys of its role.
constexpr std::string_view machine_service = "http://100.100.100.200/latest";
constexpr std::chrono::minutes renew_before{5};
constexpr int zones_a_page = 100;
constexpr int records_a_page = 500;

constexpr std::array<option_spec, 6> options_of{{
    {"ram_role",
     "ALICLOUD_RAM_ROLE",
     false,
     false,
     {},
     "the RAM role of the virtual machine we run on, instead of the two keys"},
    {"api_key", "ALICLOUD_ACCESS_KEY", false, false, {}, "the access key's id"},
    {"secret_key", "ALICLOUD_SECRET_KEY", false, true, {}, "the access key's secret"},
    {"security_token", "ALICLOUD_SECURITY_TOKEN", false, true, {}, "for temporary keys (STS)"},
    {"region_id", "ALICLOUD_REGION_ID", false, false, "cn-hangzhou", "which of the vendor's servers to ask"},
    {"line", "ALICLOUD_LINE", false, false, {}, "the resolution line of new records"},
}};
constexpr provider_metadata metadata{
    "alidns",
    {},
    "Alibaba Cloud DNS",
    "https://www.alibabacloud.com/help/en/dns/",
    options_of,
    "ALICLOUD_",
    {"https://alidns.cn-hangzhou.aliyuncs.com", 600, 1, {}, std::chrono::seconds(10)}};

int number_at(const json::value& from, std::string_view path) {
  const std::string text = text_at(from, path);
  int out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

class alidns final : public record_vendor {
 public:
  explicit alidns(const option_values& options) : role_(options["ram_role"]), line_(options["line"]) {
    if (role_.empty())
      keys_ = {options["api_key"], base::secret(options["secret_key"]),
               base::secret(options["security_token"])};
  }

  // With a role: a token for the machine's service, then the role's keys.
  std::optional<request> login(base::wall_time now) override {
    if (role_.empty() || (!keys_.id.empty() && now < keys_end_)) return std::nullopt;
    const std::string service(machine_service);
    request out = get(service + "/meta-data/ram/security-credentials/" + base::percent_encode(role_));
    if (!machine_token_.empty()) {
      out.headers.push_back({"X-aliyun-ecs-metadata-token", machine_token_.reveal()});
      return out;
    }
    out.method = "PUT";
    out.url = service + "/api/token";
    out.headers.push_back({"X-aliyun-ecs-metadata-token-ttl-seconds", "21600"});
    return out;
  }
  base::result<void> take_login(const answer& from, base::wall_time now) override {
    if (machine_token_.empty()) {
      machine_token_ = base::secret(std::string(base::trim(from.body())));
      if (machine_token_.empty())
        return base::error(base::errc::protocol, "the machine's service gave no token");
      return {};
    }
    machine_token_ = {};
    const json::value& given = from.json();
    keys_ = {text_at(given, "AccessKeyId"), base::secret(text_at(given, "AccessKeySecret")),
             base::secret(text_at(given, "SecurityToken"))};
    if (text_at(given, "Code") != "Success" || keys_.id.empty() || keys_.secret.empty()) {
      keys_ = {};
      return base::error(base::errc::protocol, "the machine has no keys for the role " + role_);
    }
    keys_end_ =
        base::from_rfc3339(text_at(given, "Expiration")).value_or(now + 2 * renew_before) - renew_before;
    return {};
  }
  void forget_login() override {
    machine_token_ = {};
    if (!role_.empty()) keys_ = {};
  }
  std::vector<std::string> other_services() const override { return {std::string(machine_service)}; }

  // Signature version 3, ACS3-HMAC-SHA256.
  void authorize(request& to, base::wall_time now) const override {
    const auto target = base::parse_fetch_target(to.url);
    if (!target || to.url.starts_with(machine_service)) return;
    const auto sha256 = [](std::string_view text) { return base::hex(base::sha256(text)); };
    std::map<std::string, std::string> fields{{"x-acs-version", "2015-01-09"},
                                              {"x-acs-date", base::to_rfc3339(now)},
                                              {"x-acs-signature-nonce", random_uuid()},
                                              {"x-acs-content-sha256", sha256(to.body)}};
    if (!keys_.token.empty()) fields["x-acs-security-token"] = keys_.token.reveal();
    for (const auto& [name, value] : fields) to.headers.push_back({name, value});
    for (const base::http_field& each : to.headers)
      if (each.name == "x-acs-action") fields[each.name] = each.value;
    fields["host"] = target->authority;
    std::string lines;
    std::string names;
    for (const auto& [name, value] : fields) {
      lines += name + ":" + value + "\n";
      names += (names.empty() ? "" : ";") + name;
    }
    const auto mark = target->path.find('?');
    const std::string query = mark == std::string::npos ? "" : target->path.substr(mark + 1);
    const std::string canonical = to.method + "\n" + target->path.substr(0, mark) + "\n" + query + "\n" +
                                  lines + "\n" + names + "\n" + sha256(to.body);
    const std::string signature = base::hex(
        base::hmac(base::digest::sha256, keys_.secret.reveal(), "ACS3-HMAC-SHA256\n" + sha256(canonical)));
    to.headers.push_back({"Authorization", "ACS3-HMAC-SHA256 Credential=" + keys_.id +
                                               ",SignedHeaders=" + names + ",Signature=" + signature});
  }

  outcome judge(const answer& from) const override {
    const std::string code = text_at(from.json(), "Code");
    if (code == "DomainRecordDuplicate") return outcome::exists;
    if (code == "DomainRecordNotBelongToUser") return outcome::absent;
    return from.status() == 200 ? outcome::done : outcome::refused;
  }
  std::string words(const answer& from) const override {
    const std::string message = text_at(from.json(), "Message");
    return message.empty() ? vendor::words(from) : text_at(from.json(), "Code") + "; " + message;
  }

  zone_source zones_from() const override { return zone_source::list; }
  request zones(const std::string&, const std::string& cursor) const override {
    return call("GET", "DescribeDomains",
                {{"PageNumber", cursor.empty() ? "1" : cursor}, {"PageSize", std::to_string(zones_a_page)}});
  }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json(), "Domains.Domain")) {
      const std::string name = text_at(each, "DomainName");
      const std::string ascii = text_at(each, "PunyCode");
      out.items.push_back({ascii.empty() ? name : ascii, name});
    }
    out.next = next_page(from.json(), zones_a_page);
    return out;
  }

  request list(const txt_value& txt, const std::string& cursor) const override {
    return call("GET", "DescribeDomainRecords",
                {{"DomainName", txt.zone.id},
                 {"PageNumber", cursor.empty() ? "1" : cursor},
                 {"PageSize", std::to_string(records_a_page)},
                 {"RRKeyWord", txt.relative()},
                 {"Type", "TXT"}});
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    // The server looks for names that contain the word.
    for (const json::value& each : list_at(from.json(), "DomainRecords.Record"))
      if (base::equal_ignoring_case(text_at(each, "RR"), txt.relative()) && text_at(each, "Type") == "TXT")
        out.items.push_back({text_at(each, "RecordId"), text_at(each, "Value")});
    out.next = next_page(from.json(), records_a_page);
    return out;
  }
  request add(const txt_value& txt) const override {
    parameters fields{{"DomainName", txt.zone.id},
                      {"RR", txt.relative()},
                      {"TTL", std::to_string(txt.ttl)},
                      {"Type", "TXT"},
                      {"Value", txt.value()}};
    if (!line_.empty()) fields.insert(fields.begin() + 1, {"Line", line_});
    return call("POST", "AddDomainRecord", fields);
  }
  request remove(const txt_value&, const std::string& id) const override {
    return call("POST", "DeleteDomainRecord", {{"RecordId", id}});
  }

 private:
  struct access_keys {
    std::string id;
    base::secret secret;
    base::secret token;
  };

  // The signature wants the parameters in the order of their names.
  static request call(std::string_view method, std::string action, const parameters& fields) {
    request out;
    out.method = method;
    out.url = with_query("/", fields);
    out.headers.push_back({"x-acs-action", std::move(action)});
    return out;
  }
  static std::string next_page(const json::value& from, int size) {
    const int number = number_at(from, "PageNumber");
    return number > 0 && number * size < number_at(from, "TotalCount") ? std::to_string(number + 1) : "";
  }

  std::string role_;
  std::string line_;
  access_keys keys_;
  base::wall_time keys_end_;
  base::secret machine_token_;
};

}  // namespace

const provider_metadata& alidns_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_alidns(const option_values& options, services with) {
  if (options["ram_role"].empty() && options["api_key"].empty())
    return options.wrong("api_key", "is missing (or ram_role)");
  if (options["ram_role"].empty() && options["secret_key"].empty())
    return options.wrong("secret_key", "is missing");
  const std::string& region = options["region_id"];
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (!std::all_of(region.begin(), region.end(), is_plain))
    return options.wrong("region_id", "is not the name of a region");
  const std::string url = "https://alidns." + region + ".aliyuncs.com";
  provider_metadata of = metadata;
  of.defaults.api_url = url;
  return make_record_provider(of, options, std::move(with), std::make_unique<alidns>(options));
}

}  // namespace cardea::dnsproviders
