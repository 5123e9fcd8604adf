#include "dnsproviders/vendors/edgedns.hpp"

#include "base/atomic_file.hpp"
#include "base/crypto.hpp"
#include "base/fetch_target.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "dnsproviders/nonce.hpp"
#include "dnsproviders/rrset_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <algorithm>
#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::size_t edgerc_bytes_max = 64 * 1024;

constexpr std::array<option_spec, 8> options_of{{
    {"host", "AKAMAI_HOST", false, false, {}, "the API client's host, akab-....luna.akamaiapis.net"},
    {"client_token", "AKAMAI_CLIENT_TOKEN", false, true, {}, "of the API client"},
    {"client_secret", "AKAMAI_CLIENT_SECRET", false, true, {}, "of the API client"},
    {"access_token", "AKAMAI_ACCESS_TOKEN", false, true, {}, "of the API client"},
    {"edgerc", "AKAMAI_EDGERC", false, false, {}, "a file with these four (.edgerc), for those not given"},
    {"edgerc_section", "AKAMAI_EDGERC_SECTION", false, false, "default", "which section of that file"},
    {"account_key",
     "AKAMAI_ACCOUNT_SWITCH_KEY AKAMAI_ACCOUNT_KEY",
     false,
     false,
     {},
     "the account to switch to"},
    {"max_body", "AKAMAI_MAX_BODY", false, false, "131072", "how many bytes of a body are signed"},
}};
constexpr provider_metadata metadata{"edgedns",
                                     "fastdns",
                                     "Akamai Edge DNS",
                                     "https://techdocs.akamai.com/edge-dns/reference/api",
                                     options_of,
                                     "AKAMAI_",
                                     {{}, 120, 1, {std::chrono::seconds(180), std::chrono::seconds(15)}}};

/// What an API client has.
struct credentials {
  std::string host;
  base::secret client_token;
  base::secret client_secret;
  base::secret access_token;
  std::string account_key;
  std::size_t max_body = 0;
};

/// A section of an .edgerc file: an INI file.
class edgerc_section {
 public:
  edgerc_section(std::string_view text, std::string_view name) : text_(text), name_(name) {}

  [[nodiscard]] std::string operator[](std::string_view key) const {
    std::string out;
    bool inside = false;
    for (std::string_view rest = text_; !rest.empty();) {
      const auto end = rest.find('\n');
      const std::string_view line = base::trim(rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
      if (line.size() > 1 && line.front() == '[' && line.back() == ']')
        inside = base::trim(line.substr(1, line.size() - 2)) == name_;
      const auto sign = line.find('=');
      if (inside && sign != std::string_view::npos && base::trim(line.substr(0, sign)) == key)
        out = unquoted(std::string(base::trim(line.substr(sign + 1))));
    }
    return out;
  }

 private:
  std::string_view text_;
  std::string_view name_;
};

class edgedns final : public rrset_vendor {
 public:
  explicit edgedns(credentials from) : own_(std::move(from)) {}

  // EdgeGrid, EG1-HMAC-SHA256.
  void authorize(request& to, base::wall_time now) const override {
    if (!own_.account_key.empty()) to.url = with_query(to.url, {{"accountSwitchKey", own_.account_key}});
    const auto target = base::parse_fetch_target(to.url);
    if (!target) return;
    const std::string time = timestamp(now);
    const std::string header = "EG1-HMAC-SHA256 client_token=" + own_.client_token.reveal() +
                               ";access_token=" + own_.access_token.reveal() + ";timestamp=" + time +
                               ";nonce=" + random_uuid() + ";";
    const std::string key = mac(own_.client_secret.reveal(), time);
    const bool has_hash = to.method == "POST" && !to.body.empty();
    const std::string data = to.method + "\t" + (target->tls ? "https" : "http") + "\t" + target->authority +
                             "\t" + target->path + "\t\t" + (has_hash ? content_hash(to.body) : "") + "\t" +
                             header;
    to.headers.push_back({"Authorization", header + "signature=" + mac(key, data)});
  }

  request read(const txt_value& txt) const override { return get(path_of(txt)); }
  base::result<rrset> read_set(const answer& from, const txt_value&) const override {
    if (!from.json().is_object())
      return base::error(base::errc::protocol, "the vendor's answer is not a record set");
    rrset out;
    for (const json::value& each : list_at(from.json(), "rdata")) out.values.push_back(text_at(each));
    if (const json::value& ttl = at(from.json(), "ttl"); ttl.is_int64())
      out.ttl = static_cast<int>(ttl.get_int64());
    return out;
  }
  request write(const txt_value& txt, const rrset& old,
                const std::vector<std::string>& values) const override {
    if (values.empty()) return remove_at(path_of(txt));
    json::array data;
    for (const std::string& each : values) data.push_back(json::string("\"" + each + "\""));
    return send_json(old.values.empty() ? "POST" : "PUT", path_of(txt),
                     {{"name", txt.fqdn()},
                      {"type", "TXT"},
                      {"ttl", old.ttl.value_or(txt.ttl)},
                      {"rdata", std::move(data)}});
  }

 private:
  static std::string path_of(const txt_value& txt) {
    return "/config-dns/v2/zones/" + txt.zone.id + "/names/" + txt.fqdn() + "/types/TXT";
  }
  // 20260102T03:04:05+0000
  static std::string timestamp(base::wall_time now) {
    std::string out = base::to_rfc3339(now);
    std::erase(out, '-');
    out.pop_back();
    return out + "+0000";
  }
  static std::string mac(const std::string& key, const std::string& data) {
    return base::base64(base::hmac(base::digest::sha256, key, data));
  }
  std::string content_hash(const std::string& body) const {
    return base::base64(base::hash(base::digest::sha256, std::string_view(body).substr(0, own_.max_body)));
  }

  credentials own_;
};

base::result<credentials> read_credentials(const option_values& options) {
  std::string file;
  if (!options["edgerc"].empty()) {
    auto content = base::read_file(options["edgerc"], edgerc_bytes_max);
    if (!content) return options.wrong("edgerc", "cannot be read: " + content.error().message());
    file = std::move(*content);
  }
  const edgerc_section section(file, options["edgerc_section"]);
  std::string missing;
  const auto value = [&](std::string_view key) {
    std::string out = options[key].empty() ? section[key] : options[key];
    if (out.empty() && missing.empty()) missing = key;
    return out;
  };
  credentials out;
  out.host = value("host");
  out.client_token = base::secret(value("client_token"));
  out.client_secret = base::secret(value("client_secret"));
  out.access_token = base::secret(value("access_token"));
  if (!missing.empty())
    return options.wrong(missing, options["edgerc"].empty()
                                      ? "is missing"
                                      : "is missing, and section '" + options["edgerc_section"] +
                                            "' of the edgerc file does not have it");
  if (out.host.starts_with("https://")) out.host.erase(0, 8);
  if (out.host.ends_with('/')) out.host.pop_back();
  if (out.host.find_first_of("/?#@ ") != std::string::npos)
    return options.wrong("host", "is not a host name");
  out.account_key = options["account_key"];
  const auto max_body = options.number("max_body", 1, 1 << 20);
  if (!max_body) return max_body.error();
  out.max_body = static_cast<std::size_t>(*max_body);
  return out;
}

}  // namespace

const provider_metadata& edgedns_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_edgedns(const option_values& options, services with) {
  auto own = read_credentials(options);
  if (!own) return own.error();
  const std::string url = "https://" + own->host;
  provider_metadata of = metadata;
  of.defaults.api_url = url;
  return make_rrset_provider(of, options, std::move(with), std::make_unique<edgedns>(std::move(*own)));
}

}  // namespace cardea::dnsproviders
