#include "dnsproviders/vendors/gcloud.hpp"

#include "base/atomic_file.hpp"
#include "base/crypto.hpp"
#include "base/dns_name.hpp"
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

constexpr std::size_t key_file_bytes_max = 64 * 1024;
constexpr std::chrono::minutes token_margin{1};
constexpr std::chrono::hours assertion_lives{1};
constexpr std::string_view scope = "https://www.googleapis.com/auth/ndev.clouddns.readwrite";
constexpr std::string_view token_url = "https://oauth2.googleapis.com/token";
constexpr std::string_view machine_url = "http://metadata.google.internal/computeMetadata/v1";

constexpr std::array<option_spec, 5> options_of{{
    {"project", "GCE_PROJECT", false, false, {}, "the project's id; else the one of the key or the machine"},
    {"service_account",
     "GCE_SERVICE_ACCOUNT",
     false,
     true,
     {},
     "the JSON text of a service account's key; without any key: the machine's own account"},
    {"service_account_file", "GOOGLE_APPLICATION_CREDENTIALS", false, false, {}, "a file with that text"},
    {"zone_id", "GCE_ZONE_ID", false, false, {}, "the managed zone's name, instead of looking for it"},
    {"allow_private_zone", "GCE_ALLOW_PRIVATE_ZONE", false, false, "false", "take a private zone too"},
}};
constexpr provider_metadata metadata{
    "gcloud",
    "googlecloud",
    "Google Cloud DNS",
    "https://cloud.google.com/dns/docs/reference/rest/v1",
    options_of,
    "GCE_",
    {"https://dns.googleapis.com/dns/v1", 120, 1, {std::chrono::seconds(180), std::chrono::seconds(5)}}};

/// What a key file holds: a service account's key, or a user's (refresh token).
struct account {
  std::string type;  ///< empty: the account of the machine we run on
  std::string mail;
  std::string key_id;
  base::secret key;
  std::string client;
  base::secret client_secret;
  base::secret refresh_token;
  std::string tokens = std::string(token_url);
};

class gcloud final : public rrset_vendor {
 public:
  gcloud(account own, std::string project, std::string zone_id, bool takes_private)
      : own_(std::move(own)),
        project_(std::move(project)),
        zone_id_(std::move(zone_id)),
        takes_private_(takes_private) {}

  std::optional<request> login(base::wall_time now) override {
    if (token_.empty() || now >= token_end_) return token_request(now);
    if (project_.empty()) return machine("/project/project-id");
    return std::nullopt;
  }
  base::result<void> take_login(const answer& from, base::wall_time now) override {
    if (!token_.empty() && now < token_end_) {
      project_ = base::trim(from.body());
      if (project_.empty()) return base::error(base::errc::protocol, "the machine is in no project");
      return {};
    }
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
    if (to.url.starts_with(own_.tokens) || to.url.starts_with(machine_url)) return;
    to.headers.push_back({"Authorization", bearer(token_.reveal())});
    // The project of a machine is known only after the login.
    if (const auto at = to.url.find(project_place); at != std::string::npos)
      to.url.replace(at, project_place.size(), project_);
  }
  std::vector<std::string> other_services() const override { return {own_.tokens, std::string(machine_url)}; }

  bool is_busy(const answer& from) const override {
    if (from.status() != 403) return false;
    for (const json::value& each : list_at(from.json(), "error.errors"))
      if (text_at(each, "reason").ends_with("ateLimitExceeded")) return true;
    return false;
  }
  std::string words(const answer& from) const override {
    const std::string message = text_at(from.json(), "error.message");
    return message.empty() ? vendor::words(from) : message;
  }

  zone_source zones_from() const override { return zone_id_.empty() ? zone_source::ask : zone_source::none; }
  request zones(const std::string& candidate, const std::string& cursor) const override {
    parameters query{{"dnsName", candidate + "."}};
    if (!cursor.empty()) query.emplace_back("pageToken", cursor);
    return get(with_query(zones_path(), query));
  }
  // A public zone comes first, whatever the order of the answer.
  base::result<page<hosted_zone>> read_zones(const answer& from, const std::string&) const override {
    page<hosted_zone> out;
    for (const json::value& each : list_at(from.json(), "managedZones")) {
      const bool is_private = text_at(each, "visibility") == "private";
      if (is_private && !takes_private_) continue;
      hosted_zone zone{text_at(each, "dnsName"), text_at(each, "name")};
      out.items.insert(is_private ? out.items.end() : out.items.begin(), std::move(zone));
    }
    out.next = text_at(from.json(), "nextPageToken");
    return out;
  }

  request read(const txt_value& txt) const override {
    return get(with_query(zone_path(txt.zone) + "/rrsets", {{"name", txt.fqdn() + "."}, {"type", "TXT"}}));
  }
  base::result<rrset> read_set(const answer& from, const txt_value& txt) const override {
    rrset out;
    for (const json::value& each : list_at(from.json(), "rrsets")) {
      if (base::normalise_dns_name(text_at(each, "name")) != txt.fqdn() || text_at(each, "type") != "TXT")
        continue;
      // A deletion must name the set as it is.
      out.raw = json::serialize(each);
      for (const json::value& value : list_at(each, "rrdatas")) out.values.push_back(text_at(value));
      if (const json::value& ttl = at(each, "ttl"); ttl.is_int64())
        out.ttl = static_cast<int>(ttl.get_int64());
    }
    return out;
  }
  request write(const txt_value& txt, const rrset& old,
                const std::vector<std::string>& values) const override {
    json::object change;
    boost::system::error_code failure;
    if (!old.raw.empty()) change["deletions"] = json::array{json::parse(old.raw, failure)};
    json::array quoted;
    for (const std::string& each : values) quoted.push_back(json::string("\"" + each + "\""));
    if (!values.empty())
      change["additions"] = json::array{json::object{{"name", txt.fqdn() + "."},
                                                     {"type", "TXT"},
                                                     {"ttl", old.ttl.value_or(txt.ttl)},
                                                     {"rrdatas", std::move(quoted)}}};
    return send_json("POST", zone_path(txt.zone) + "/changes", change);
  }
  std::optional<request> settle(const hosted_zone& zone, const answer& written,
                                const answer* last) const override {
    const answer& latest = last != nullptr ? *last : written;
    if (text_at(latest.json(), "status") != "pending") return std::nullopt;
    return get(zone_path(zone) + "/changes/" + base::percent_encode(text_at(written.json(), "id")));
  }

 private:
  static constexpr std::string_view project_place = "{project}";

  static request machine(const std::string& path) {
    request out = get(std::string(machine_url) + path);
    out.headers.push_back({"Metadata-Flavor", "Google"});
    return out;
  }
  request token_request(base::wall_time now) const {
    if (own_.type.empty())
      return machine(
          with_query("/instance/service-accounts/default/token", {{"scopes", std::string(scope)}}));
    if (own_.type == "authorized_user")
      return send_form("POST", own_.tokens,
                       {{"grant_type", "refresh_token"},
                        {"client_id", own_.client},
                        {"client_secret", own_.client_secret.reveal()},
                        {"refresh_token", own_.refresh_token.reveal()}});
    return send_form(
        "POST", own_.tokens,
        {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}, {"assertion", assertion(now)}});
  }
  // RFC 7523, signed as RFC 7515 says for RS256.
  std::string assertion(base::wall_time now) const {
    const auto seconds = [](base::wall_time when) {
      return std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
    };
    const std::string header =
        json::serialize(json::object{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", own_.key_id}});
    const std::string claims =
        json::serialize(json::object{{"iss", own_.mail},
                                     {"scope", json::string_view(scope.data(), scope.size())},
                                     {"aud", own_.tokens},
                                     {"iat", seconds(now)},
                                     {"exp", seconds(now + assertion_lives)}});
    const std::string text = base::base64url(header) + "." + base::base64url(claims);
    const auto signature =
        base::rsa_sign(own_.key.reveal(), base::digest::sha256, base::rsa_padding::pkcs1, text);
    return text + "." + base::base64url(signature ? *signature : std::string());
  }
  std::string zones_path() const {
    return "/projects/" + (project_.empty() ? std::string(project_place) : base::percent_encode(project_)) +
           "/managedZones";
  }
  std::string zone_path(const hosted_zone& zone) const {
    return zones_path() + "/" + base::percent_encode(zone_id_.empty() ? zone.id : zone_id_);
  }

  account own_;
  std::string project_;
  std::string zone_id_;
  bool takes_private_;
  base::secret token_;
  base::wall_time token_end_;
};

base::result<account> read_account(const option_values& options, std::string& project) {
  std::string_view option = "service_account";
  std::string text = options[option];
  if (text.empty() && !options["service_account_file"].empty()) {
    option = "service_account_file";
    auto content = base::read_file(options[option], key_file_bytes_max);
    if (!content) return options.wrong(option, "cannot be read: " + content.error().message());
    text = std::move(*content);
  }
  account out;
  if (text.empty()) return out;
  boost::system::error_code failure;
  const json::value key = json::parse(text, failure);
  if (failure || !key.is_object()) return options.wrong(option, "is not the JSON text of a key");
  out.type = text_at(key, "type");
  out.mail = text_at(key, "client_email");
  out.key_id = text_at(key, "private_key_id");
  out.key = base::secret(text_at(key, "private_key"));
  out.client = text_at(key, "client_id");
  out.client_secret = base::secret(text_at(key, "client_secret"));
  out.refresh_token = base::secret(text_at(key, "refresh_token"));
  if (const std::string url = text_at(key, "token_uri"); !url.empty()) out.tokens = url;
  if (project.empty()) project = text_at(key, "project_id");
  if (out.type != "service_account" && out.type != "authorized_user")
    return options.wrong(option, "holds neither a service account's key nor a user's");
  if (out.type == "authorized_user") {
    if (out.refresh_token.empty()) return options.wrong(option, "holds no refresh_token");
  } else if (out.mail.empty() ||
             !base::rsa_sign(out.key.reveal(), base::digest::sha256, base::rsa_padding::pkcs1, "a trial")) {
    return options.wrong(option, "holds no client_email, or no private_key that can sign");
  }
  if (!out.tokens.starts_with("https://")) return options.wrong(option, "has a token_uri that is not https");
  return out;
}

}  // namespace

const provider_metadata& gcloud_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_gcloud(const option_values& options, services with) {
  std::string project = options["project"];
  auto own = read_account(options, project);
  if (!own) return own.error();
  if (project.empty() && !own->type.empty())
    return options.wrong("project", "is missing, and the key does not have it");
  const auto takes_private = options.flag("allow_private_zone");
  if (!takes_private) return takes_private.error();
  return make_rrset_provider(
      metadata, options, std::move(with),
      std::make_unique<gcloud>(std::move(*own), std::move(project), options["zone_id"], *takes_private));
}

}  // namespace cardea::dnsproviders
