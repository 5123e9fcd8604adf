#include "dnsproviders/vendors/oraclecloud.hpp"

#include "base/atomic_file.hpp"
#include "base/crypto.hpp"
#include "base/dns_name.hpp"
#include "base/fetch_target.hpp"
#include "base/text.hpp"
#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <fmt/chrono.h>

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::size_t key_bytes_max = 64 * 1024;

constexpr std::array<option_spec, 9> options_of{{
    {"compartment_id", "OCI_COMPARTMENT_OCID", true, false, {}, "the OCID of the zone's compartment"},
    {"region", "OCI_REGION TF_VAR_region", true, false, {}, "eu-frankfurt-1, us-phoenix-1 ..."},
    {"tenancy_ocid", "OCI_TENANCY_OCID TF_VAR_tenancy_ocid", true, false, {}, "the tenancy"},
    {"user_ocid", "OCI_USER_OCID TF_VAR_user_ocid", true, false, {}, "the user whose API key it is"},
    {"fingerprint",
     "OCI_PUBKEY_FINGERPRINT OCI_FINGERPRINT TF_VAR_fingerprint",
     true,
     false,
     {},
     "of the API key: 20:3b:97:..."},
    {"private_key", "OCI_PRIVKEY OCI_PRIVATE_KEY", false, true, {}, "the API key: PEM, or base64 of that"},
    {"private_key_path",
     "OCI_PRIVATE_KEY_PATH TF_VAR_private_key_path",
     false,
     false,
     {},
     "the API key's file, when private_key is not given"},
    {"private_key_password",
     "OCI_PRIVKEY_PASS OCI_PRIVATE_KEY_PASSWORD TF_VAR_private_key_password",
     false,
     true,
     {},
     "of an encrypted key (not supported)"},
    {"auth_type", "OCI_AUTH_TYPE", false, false, {}, "other than an API key (not supported)"},
}};
constexpr provider_metadata metadata{
    "oraclecloud",
    {},
    "Oracle Cloud",
    "https://docs.oracle.com/en-us/iaas/Content/DNS/Concepts/dnszonemanagement.htm",
    options_of,
    "OCI_",
    {{}, 120, 1, {}, std::chrono::seconds(60)}};

class oraclecloud final : public record_vendor {
 public:
  oraclecloud(const option_values& options, std::string key)
      : compartment_(options["compartment_id"]),
        key_id_(options["tenancy_ocid"] + "/" + options["user_ocid"] + "/" + options["fingerprint"]),
        key_(std::move(key)) {}

  // HTTP signatures, draft-cavage-http-signatures-08.
  void authorize(request& to, base::wall_time now) const override {
    const auto target = base::parse_fetch_target(to.url);
    if (!target) return;
    const std::string date =
        fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
    std::string names = "date (request-target) host";
    std::string text = "date: " + date + "\n(request-target): " + base::to_lower(to.method) + " " +
                       target->path + "\nhost: " + target->authority;
    to.headers.push_back({"Date", date});
    if (!to.body.empty()) {
      const std::string hash = base::base64(base::hash(base::digest::sha256, to.body));
      names += " content-length content-type x-content-sha256";
      text += "\ncontent-length: " + std::to_string(to.body.size()) +
              "\ncontent-type: application/json\nx-content-sha256: " + hash;
      to.headers.push_back({"x-content-sha256", hash});
    }
    const auto signature =
        base::rsa_sign(key_.reveal(), base::digest::sha256, base::rsa_padding::pkcs1, text);
    to.headers.push_back({"Authorization", "Signature version=\"1\",headers=\"" + names + "\",keyId=\"" +
                                               key_id_ + "\",algorithm=\"rsa-sha256\",signature=\"" +
                                               base::base64(signature ? *signature : std::string()) + "\""});
  }

  request list(const txt_value& txt, const std::string& cursor) const override {
    parameters query{{"rtype", "TXT"}, {"compartmentId", compartment_}};
    if (!cursor.empty()) query.emplace_back("page", cursor);
    return get(with_query(path_of(txt), query));
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "items"))
      if (text_at(each, "rtype") == "TXT" && base::normalise_dns_name(text_at(each, "domain")) == txt.fqdn())
        out.items.push_back({text_at(each, "recordHash"), text_at(each, "rdata")});
    out.next = from.header("opc-next-page");
    return out;
  }
  request add(const txt_value& txt) const override {
    return patch(txt, json::object{{"domain", txt.fqdn()},
                                   {"rdata", txt.value()},
                                   {"rtype", "TXT"},
                                   {"ttl", txt.ttl},
                                   {"isProtected", false}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return patch(txt, json::object{{"recordHash", id}, {"operation", "REMOVE"}});
  }

 private:
  static std::string path_of(const txt_value& txt) {
    return "/zones/" + txt.zone.id + "./records/" + txt.fqdn();
  }
  request patch(const txt_value& txt, json::object item) const {
    return send_json("PATCH", with_query(path_of(txt), {{"compartmentId", compartment_}}),
                     {{"items", json::array{std::move(item)}}});
  }

  std::string compartment_;
  std::string key_id_;
  base::secret key_;
};

base::result<std::string> read_key(const option_values& options) {
  std::string_view option = "private_key";
  std::string key = options[option];
  if (key.empty()) {
    if (options["private_key_path"].empty()) return options.wrong(option, "is missing (or private_key_path)");
    option = "private_key_path";
    auto content = base::read_file(options[option], key_bytes_max);
    if (!content) return options.wrong(option, "cannot be read: " + content.error().message());
    key = std::move(*content);
  }
  if (key.find("-----BEGIN") == std::string::npos) {
    std::string packed = key;
    std::erase_if(packed, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
    key = base::from_base64(packed).value_or("");
  }
  if (!base::rsa_sign(key, base::digest::sha256, base::rsa_padding::pkcs1, "a trial"))
    return options.wrong(option, "is no RSA key in PEM without a password");
  return key;
}

}  // namespace

const provider_metadata& oraclecloud_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_oraclecloud(const option_values& options, services with) {
  if (!options["auth_type"].empty())
    return options.wrong("auth_type", "cannot be used: give a user's API key");
  if (!options["private_key_password"].empty())
    return options.wrong("private_key_password", "cannot be used: give the key without a password");
  for (const char c : options["region"])
    if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-')
      return options.wrong("region", "is not a region's name");
  auto key = read_key(options);
  if (!key) return key.error();
  const std::string url = "https://dns." + options["region"] + ".oci.oraclecloud.com/20180115";
  provider_metadata of = metadata;
  of.defaults.api_url = url;
  return make_record_provider(of, options, std::move(with),
                              std::make_unique<oraclecloud>(options, std::move(*key)));
}

}  // namespace cardea::dnsproviders
