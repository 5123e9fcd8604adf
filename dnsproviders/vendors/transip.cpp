#include "dnsproviders/vendors/transip.hpp"

#include "base/atomic_file.hpp"
#include "base/crypto.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::size_t key_file_bytes_max = 64 * 1024;
constexpr std::chrono::minutes token_lives{30};
constexpr std::chrono::minutes token_margin{5};

constexpr std::array<option_spec, 2> options_of{{
    {"account_name", "TRANSIP_ACCOUNT_NAME", true, false, {}, "the account's name"},
    {"private_key_path",
     "TRANSIP_PRIVATE_KEY_PATH",
     true,
     false,
     {},
     "a file with the private key that the control panel made (PEM)"},
}};
constexpr provider_metadata metadata{
    "transip",
    {},
    "TransIP",
    "https://api.transip.eu/rest/docs.html",
    options_of,
    "TRANSIP_",
    {"https://api.transip.nl/v6", 60, 1, {std::chrono::seconds(600), std::chrono::seconds(10)}}};

class transip final : public record_vendor {
 public:
  transip(std::string account, base::secret key) : account_(std::move(account)), key_(std::move(key)) {}

  // A nonce is good once; the time in nanoseconds does not come twice.
  std::optional<request> login(base::wall_time now) override {
    if (!token_.empty() && now < token_end_) return std::nullopt;
    const auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
    const std::string nonce = fmt::format("{:016x}", since);
    request out = send_json("POST", "/auth",
                            {{"login", account_},
                             {"nonce", nonce},
                             {"read_only", false},
                             {"expiration_time", fmt::format("{} minutes", token_lives.count())},
                             {"label", fmt::format("cardea {} {}", base::to_rfc3339(now), nonce.substr(8))},
                             {"global_key", true}});
    const auto signature =
        base::rsa_sign(key_.reveal(), base::digest::sha512, base::rsa_padding::pkcs1, out.body);
    out.headers.push_back({"Signature", base::base64(signature ? *signature : std::string())});
    return out;
  }
  base::result<void> take_login(const answer& from, base::wall_time now) override {
    token_ = base::secret(text_at(from.json(), "token"));
    if (token_.empty()) return base::error(base::errc::protocol, "the vendor gave no token");
    token_end_ = now + token_lives - token_margin;
    return {};
  }
  void forget_login() override { token_ = {}; }
  void authorize(request& to, base::wall_time) const override {
    if (!to.url.ends_with("/auth")) to.headers.push_back({"Authorization", bearer(token_.reveal())});
  }

  request list(const txt_value& txt, const std::string&) const override { return get(entries_of(txt)); }
  // An entry is named by all of its members, just as they are.
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "dnsEntries"))
      if (text_at(each, "type") == "TXT" && text_at(each, "name") == txt.relative())
        out.items.push_back({json::serialize(each), text_at(each, "content")});
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json(
        "POST", entries_of(txt),
        {{"dnsEntry",
          json::object{
              {"name", txt.relative()}, {"expire", txt.ttl}, {"type", "TXT"}, {"content", txt.value()}}}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    boost::system::error_code ignored;  // it was written by read_list
    return send_json("DELETE", entries_of(txt), {{"dnsEntry", json::parse(id, ignored)}});
  }

 private:
  static std::string entries_of(const txt_value& txt) { return "/domains/" + txt.zone.name + "/dns"; }

  std::string account_;
  base::secret key_;
  base::secret token_;
  base::wall_time token_end_;
};

}  // namespace

const provider_metadata& transip_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_transip(const option_values& options, services with) {
  auto key = base::read_file(options["private_key_path"], key_file_bytes_max);
  if (!key) return options.wrong("private_key_path", "cannot be read: " + key.error().message());
  if (!base::rsa_sign(*key, base::digest::sha512, base::rsa_padding::pkcs1, "a trial"))
    return options.wrong("private_key_path", "holds no RSA private key in PEM");
  return make_record_provider(
      metadata, options, std::move(with),
      std::make_unique<transip>(options["account_name"], base::secret(std::move(*key))));
}

}  // namespace cardea::dnsproviders
