#include "dnsproviders/vendors/yandexcloud.hpp"

#include "base/crypto.hpp"
#include "base/dns_name.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "dnsproviders/rrset_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace cardea::dnsproviders {
namespace {

constexpr std::string_view tokens_url = "https://iam.api.cloud.yandex.net/iam/v1/tokens";
constexpr std::string_view operations_url = "https://operation.api.cloud.yandex.net/operations";
constexpr std::chrono::minutes token_margin{5};
constexpr std::chrono::hours assertion_lives{1};

constexpr std::array<option_spec, 2> options_of{{
    {"iam_token",
     "YANDEX_CLOUD_IAM_TOKEN",
     true,
     true,
     {},
     "the key file of a service account with the role dns.editor, in base64"},
    {"folder_id", "YANDEX_CLOUD_FOLDER_ID", true, false, {}, "the folder with the zones"},
}};
constexpr provider_metadata metadata{"yandexcloud",
                                     {},
                                     "Yandex Cloud DNS",
                                     "https://yandex.cloud/en/docs/dns/api-ref/",
                                     options_of,
                                     "YANDEX_CLOUD_",
                                     {"https://dns.api.cloud.yandex.net/dns/v1", 60, 1, {}}};

struct service_key {
  std::string id;
  std::string account;
  base::secret pem;
};

class yandexcloud final : public rrset_vendor {
 public:
  yandexcloud(service_key key, std::string folder) : key_(std::move(key)), folder_(std::move(folder)) {}

  std::optional<request> login(base::wall_time now) override {
    if (!token_.empty() && now < token_end_) return std::nullopt;
    return send_json("POST", std::string(tokens_url), {{"jwt", assertion(now)}});
  }
  base::result<void> take_login(const answer& from, base::wall_time now) override {
    token_ = base::secret(text_at(from.json(), "iamToken"));
    if (token_.empty()) return base::error(base::errc::protocol, "the vendor gave no token");
    const auto end = base::from_rfc3339(text_at(from.json(), "expiresAt"));
    token_end_ = std::max(end.value_or(now) - token_margin, now + std::chrono::seconds(1));
    return {};
  }
  void forget_login() override { token_ = {}; }
  void authorize(request& to, base::wall_time) const override {
    if (!to.url.starts_with(tokens_url)) to.headers.push_back({"Authorization", bearer(token_.reveal())});
  }
  std::vector<std::string> other_services() const override {
    return {std::string(tokens_url), std::string(operations_url)};
  }

  // An operation that began well may have failed.
  outcome judge(const answer& from) const override {
    if (from.status() / 100 == 2 && at(from.json(), "error").is_object()) return outcome::refused;
    return vendor::judge(from);
  }
  std::string words(const answer& from) const override {
    const std::string why = text_at(from.json(), "error.message");
    return why.empty() ? text_at(from.json(), "message") : why;
  }

  zone_source zones_from() const override { return zone_source::list; }
  request zones(const std::string&, const std::string& cursor) const override {
    parameters query{{"folderId", folder_}, {"pageSize", "1000"}};
    if (!cursor.empty()) query.emplace_back("pageToken", cursor);
    return get(with_query("/zones", query));
  }
  // A public zone comes first: the other one is seen from inside only.
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json(), "dnsZones")) {
      hosted_zone zone{text_at(each, "zone"), text_at(each, "id")};
      const bool is_public = at(each, "publicVisibility").is_object();
      out.items.insert(is_public ? out.items.begin() : out.items.end(), std::move(zone));
    }
    out.next = text_at(from.json(), "nextPageToken");
    return out;
  }

  request read(const txt_value& txt) const override {
    return get(
        with_query("/zones/" + txt.zone.id + ":getRecordSet", {{"name", txt.relative()}, {"type", "TXT"}}));
  }
  base::result<rrset> read_set(const answer& from, const txt_value&) const override {
    rrset out;
    // A deletion must name the set as it is.
    out.raw = json::serialize(from.json());
    for (const json::value& each : list_at(from.json(), "data")) out.values.push_back(text_at(each));
    const std::string ttl = text_at(from.json(), "ttl");
    int seconds = 0;
    if (std::from_chars(ttl.data(), ttl.data() + ttl.size(), seconds).ec == std::errc{}) out.ttl = seconds;
    return out;
  }
  request write(const txt_value& txt, const rrset& old,
                const std::vector<std::string>& values) const override {
    json::array deletions;
    json::array additions;
    boost::system::error_code ignored;  // it was written by read_set
    if (!old.raw.empty()) deletions.push_back(json::parse(old.raw, ignored));
    if (!values.empty()) {
      json::array data;
      for (const std::string& each : values) data.emplace_back(each);
      additions.push_back(json::object{{"name", txt.relative()},
                                       {"type", "TXT"},
                                       {"ttl", std::to_string(old.ttl.value_or(txt.ttl))},
                                       {"data", std::move(data)}});
    }
    return send_json("POST", "/zones/" + txt.zone.id + ":updateRecordSets",
                     {{"deletions", std::move(deletions)}, {"additions", std::move(additions)}});
  }
  std::optional<request> settle(const hosted_zone&, const answer& written,
                                const answer* last) const override {
    const answer& latest = last != nullptr ? *last : written;
    const std::string id = text_at(written.json(), "id");
    if (id.empty() || text_at(latest.json(), "done") != "false") return std::nullopt;
    return get(std::string(operations_url) + "/" + base::percent_encode(id));
  }

 private:
  // RFC 7519, signed as RFC 7518 section 3.5 says for PS256.
  [[nodiscard]] std::string assertion(base::wall_time now) const {
    const auto seconds = [](base::wall_time when) {
      return std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
    };
    const std::string header =
        json::serialize(json::object{{"typ", "JWT"}, {"alg", "PS256"}, {"kid", key_.id}});
    const std::string claims =
        json::serialize(json::object{{"iss", key_.account},
                                     {"aud", json::string_view(tokens_url.data(), tokens_url.size())},
                                     {"iat", seconds(now)},
                                     {"exp", seconds(now + assertion_lives)}});
    const std::string text = base::base64url(header) + "." + base::base64url(claims);
    const auto signature =
        base::rsa_sign(key_.pem.reveal(), base::digest::sha256, base::rsa_padding::pss, text);
    return text + "." + base::base64url(signature ? *signature : std::string());
  }

  service_key key_;
  std::string folder_;
  base::secret token_;
  base::wall_time token_end_;
};

base::result<service_key> read_key(const option_values& options) {
  const auto text = base::from_base64(base::trim(options["iam_token"]));
  boost::system::error_code failure;
  const json::value from = text ? json::parse(*text, failure) : json::value();
  if (failure || !from.is_object())
    return options.wrong("iam_token", "is not the key file of a service account in base64");
  service_key out{text_at(from, "id"), text_at(from, "service_account_id"), {}};
  // A line of warning may stand before the key.
  const std::string pem = text_at(from, "private_key");
  const auto begin = pem.find("-----BEGIN");
  if (begin != std::string::npos) out.pem = base::secret(pem.substr(begin));
  if (out.id.empty() || out.account.empty() ||
      !base::rsa_sign(out.pem.reveal(), base::digest::sha256, base::rsa_padding::pss, "a trial"))
    return options.wrong("iam_token", "holds no id, no service_account_id or no private_key that can sign");
  return out;
}

}  // namespace

const provider_metadata& yandexcloud_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_yandexcloud(const option_values& options, services with) {
  auto key = read_key(options);
  if (!key) return key.error();
  return make_rrset_provider(metadata, options, std::move(with),
                             std::make_unique<yandexcloud>(std::move(*key), options["folder_id"]));
}

}  // namespace cardea::dnsproviders
