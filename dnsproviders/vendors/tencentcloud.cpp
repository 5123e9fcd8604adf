#include "dnsproviders/vendors/tencentcloud.hpp"

#include "base/crypto.hpp"
#include "base/fetch_target.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>
#include <charconv>

namespace cardea::dnsproviders {
namespace {

// Its form is signed.
constexpr std::string_view content_type = "application/json; charset=utf-8";
// "default", as the vendor calls it; its number is the same on all its sites.
constexpr const char* default_line = "\xe9\xbb\x98\xe8\xae\xa4";
constexpr const char* default_line_id = "0";
constexpr int list_limit = 3000;

constexpr std::array<option_spec, 4> options_of{{
    {"secret_id", "TENCENTCLOUD_SECRET_ID", true, false, {}, "the API key's id"},
    {"secret_key", "TENCENTCLOUD_SECRET_KEY", true, true, {}, "the API key's secret"},
    {"session_token", "TENCENTCLOUD_SESSION_TOKEN", false, true, {}, "for temporary keys"},
    {"region", "TENCENTCLOUD_REGION", false, false, {}, "sent along; the vendor's DNS needs none"},
}};
constexpr provider_metadata metadata{"tencentcloud",
                                     {},
                                     "Tencent Cloud DNS (DNSPod)",
                                     "https://cloud.tencent.com/document/product/1427/56153",
                                     options_of,
                                     "TENCENTCLOUD_",
                                     {"https://dnspod.tencentcloudapi.com", 600, 1, {}}};

class tencentcloud final : public record_vendor {
 public:
  explicit tencentcloud(const option_values& options)
      : id_(options["secret_id"]),
        key_(options["secret_key"]),
        token_(options["session_token"]),
        region_(options["region"]) {}

  // TC3-HMAC-SHA256.
  void authorize(request& to, base::wall_time now) const override {
    const auto target = base::parse_fetch_target(to.url);
    if (!target) return;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    const std::string time = std::to_string(seconds);
    const std::string day = base::to_rfc3339(now).substr(0, 10);
    const std::string scope = day + "/dnspod/tc3_request";
    const std::string canonical =
        to.method + "\n" + target->path + "\n\ncontent-type:" + std::string(content_type) +
        "\nhost:" + target->authority + "\n\ncontent-type;host\n" + base::hex(base::sha256(to.body));
    const std::string text =
        "TC3-HMAC-SHA256\n" + time + "\n" + scope + "\n" + base::hex(base::sha256(canonical));
    const std::string key = mac(mac(mac("TC3" + key_.reveal(), day), "dnspod"), "tc3_request");
    to.headers.push_back({"X-TC-Version", "2021-03-23"});
    to.headers.push_back({"X-TC-Timestamp", time});
    if (!region_.empty()) to.headers.push_back({"X-TC-Region", region_});
    if (!token_.empty()) to.headers.push_back({"X-TC-Token", token_.reveal()});
    to.headers.push_back(
        {"Authorization", "TC3-HMAC-SHA256 Credential=" + id_ + "/" + scope +
                              ", SignedHeaders=content-type;host, Signature=" + base::hex(mac(key, text))});
  }

  // Always 200: the body says what became of it.
  outcome judge(const answer& from) const override {
    if (from.status() != 200 || !from.json().is_object()) return outcome::refused;
    const std::string code = text_at(from.json(), "Response.Error.Code");
    if (code == "InvalidParameter.DomainRecordExist") return outcome::exists;
    if (code.starts_with("ResourceNotFound.NoDataOf")) return outcome::absent;
    return code.empty() ? outcome::done : outcome::refused;
  }
  std::string words(const answer& from) const override {
    const std::string code = text_at(from.json(), "Response.Error.Code");
    if (code.empty()) return vendor::words(from);
    return code + "; " + text_at(from.json(), "Response.Error.Message");
  }

  zone_source zones_from() const override { return zone_source::list; }
  request zones(const std::string&, const std::string&) const override {
    return call("DescribeDomainList", {{"Offset", 0}, {"Limit", list_limit}});
  }
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json(), "Response.DomainList")) {
      const std::string name = text_at(each, "Name");
      const std::string ascii = text_at(each, "Punycode");
      out.items.push_back({ascii.empty() ? name : ascii, text_at(each, "DomainId"), name});
    }
    return out;
  }

  request list(const txt_value& txt, const std::string&) const override {
    json::object what = zone_of(txt);
    what["Subdomain"] = txt.relative();
    what["RecordType"] = "TXT";
    what["Limit"] = list_limit;
    return call("DescribeRecordList", std::move(what));
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "Response.RecordList"))
      if (text_at(each, "Type") == "TXT" && base::equal_ignoring_case(text_at(each, "Name"), txt.relative()))
        out.items.push_back({text_at(each, "RecordId"), text_at(each, "Value")});
    return out;
  }
  request add(const txt_value& txt) const override {
    json::object what = zone_of(txt);
    what["SubDomain"] = txt.relative();
    what["RecordType"] = "TXT";
    what["RecordLine"] = default_line;
    what["RecordLineId"] = default_line_id;
    what["Value"] = txt.value();
    what["TTL"] = txt.ttl;
    return call("CreateRecord", std::move(what));
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    json::object what = zone_of(txt);
    what["RecordId"] = number(id);
    return call("DeleteRecord", std::move(what));
  }

 private:
  static request call(std::string action, const json::object& what) {
    request out = send_json("POST", "/", what);
    out.headers = {{"Content-Type", std::string(content_type)}, {"X-TC-Action", std::move(action)}};
    return out;
  }
  static json::object zone_of(const txt_value& txt) {
    return {{"Domain", txt.zone.extra}, {"DomainId", number(txt.zone.id)}};
  }
  static std::int64_t number(const std::string& text) {
    std::int64_t out = 0;
    std::from_chars(text.data(), text.data() + text.size(), out);
    return out;
  }
  static std::string mac(const std::string& key, const std::string& text) {
    return base::hmac(base::digest::sha256, key, text);
  }

  std::string id_;
  base::secret key_;
  base::secret token_;
  std::string region_;
};

}  // namespace

const provider_metadata& tencentcloud_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_tencentcloud(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<tencentcloud>(options));
}

}  // namespace cardea::dnsproviders
