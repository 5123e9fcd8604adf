#include "dnsproviders/rfc2136.hpp"

#include "base/atomic_file.hpp"
#include "base/dns_name.hpp"
#include "base/text.hpp"
#include "dnsproviders/timing.hpp"
#include "dnsproviders/tsig.hpp"

#include <openssl/rand.h>

#include <array>
#include <ctime>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 11> options_of{{
    {"nameserver",
     "RFC2136_NAMESERVER DNSUPDATE_NAMESERVER",
     true,
     false,
     {},
     "the primary server, IP or IP:port"},
    {"zones",
     "RFC2136_ZONES DNSUPDATE_ZONES",
     false,
     false,
     {},
     "zones, comma separated; otherwise asked of the nameserver"},
    {"tsig_key", "RFC2136_TSIG_KEY DNSUPDATE_TSIG_KEY", false, false, {}, "the key's name"},
    {"tsig_secret", "RFC2136_TSIG_SECRET DNSUPDATE_TSIG_SECRET", false, true, {}, "the key, base64"},
    {"tsig_algorithm",
     "RFC2136_TSIG_ALGORITHM DNSUPDATE_TSIG_ALGORITHM",
     false,
     false,
     {},
     "hmac-sha1, -sha224, -sha256, -sha384 or -sha512; hmac-sha1 when a key is given without it"},
    {"tsig_file",
     "RFC2136_TSIG_FILE DNSUPDATE_TSIG_FILE",
     false,
     false,
     {},
     "a key file as tsig-keygen writes it"},
    {"tsiggss_realm", "RFC2136_TSIG_GSS_REALM DNSUPDATE_TSIG_GSS_REALM", false, false, {}, "not supported"},
    {"tsiggss_username",
     "RFC2136_TSIG_GSS_USERNAME DNSUPDATE_TSIG_GSS_USERNAME",
     false,
     false,
     {},
     "not supported"},
    {"tsiggss_password",
     "RFC2136_TSIG_GSS_PASSWORD DNSUPDATE_TSIG_GSS_PASSWORD",
     false,
     true,
     {},
     "not supported"},
    {"tsiggss_keytab_file",
     "RFC2136_TSIG_GSS_KEYTAB_FILE DNSUPDATE_TSIG_GSS_KEYTAB_FILE",
     false,
     false,
     {},
     "not supported"},
    {"dns_timeout", "RFC2136_DNS_TIMEOUT DNSUPDATE_DNS_TIMEOUT", false, false, "10", "for one update"},
}};
constexpr provider_metadata metadata{"rfc2136",
                                     "dnsupdate",
                                     "any server that takes DNS UPDATE (BIND, Knot, PowerDNS ...)",
                                     "https://www.rfc-editor.org/rfc/rfc2136",
                                     options_of,
                                     "RFC2136_ DNSUPDATE_"};

constexpr std::uint16_t type_soa = 6;
constexpr std::uint16_t type_txt = 16;
constexpr std::uint16_t class_in = 1;
constexpr std::uint16_t class_none = 254;
constexpr int rcode_notauth = 9;
constexpr std::size_t key_file_bytes_max = 64 * 1024;

void put16(std::string& out, std::uint32_t value) {
  out += static_cast<char>((value >> 8U) & 255U);
  out += static_cast<char>(value & 255U);
}

// One UPDATE that adds exactly this record, or removes exactly this one
// (RFC 2136 sections 2.5.1 and 2.5.4): the others at the name stay.
std::string update_message(const std::string& zone, const challenge_record& record, std::uint32_t ttl,
                           bool add) {
  std::array<unsigned char, 2> id{};
  RAND_bytes(id.data(), id.size());
  std::string out(reinterpret_cast<const char*>(id.data()), id.size());
  out += std::string("\x28\x00", 2);  // opcode UPDATE
  for (const unsigned count : {1U, 0U, 1U, 0U}) put16(out, count);
  out += wire_name(zone);
  put16(out, type_soa);
  put16(out, class_in);
  out += wire_name(record.fqdn);
  put16(out, type_txt);
  put16(out, add ? class_in : class_none);
  const std::uint32_t shown_ttl = add ? ttl : 0;
  put16(out, shown_ttl >> 16U);
  put16(out, shown_ttl & 0xffffU);
  put16(out, static_cast<std::uint32_t>(record.value.size()) + 1);
  out += static_cast<char>(record.value.size());
  out += record.value;
  return out;
}

std::string rcode_sentence(int code) {
  switch (code) {
    case 1:
      return "FORMERR: it did not understand the update";
    case 2:
      return "SERVFAIL";
    case 4:
      return "NOTIMP: it takes no updates";
    case 5:
      return "REFUSED: its policy does not allow this update";
    case rcode_notauth:
      return "NOTAUTH: it is not the primary of the zone, or the TSIG key is wrong";
    case 10:
      return "NOTZONE: the name is not in the zone";
    default:
      return "rcode " + std::to_string(code);
  }
}

struct settings {
  base::address server;
  std::vector<std::string> zones;
  std::optional<tsig_key> key;
  std::uint32_t ttl = 120;
  base::dns_timing timing;
  propagation_timing propagation;
};

class rfc2136 final : public provider {
 public:
  explicit rfc2136(settings values) : settings_(std::move(values)) {}

  base::awaitable<base::result<void>> present(challenge_record record) override {
    return update(std::move(record), true);
  }
  base::awaitable<base::result<void>> clean_up(challenge_record record) override {
    return update(std::move(record), false);
  }
  propagation_timing timing() const noexcept override { return settings_.propagation; }

 private:
  base::awaitable<base::result<void>> update(challenge_record record, bool add) {
    const auto zone = co_await find_zone(record.fqdn);
    if (!zone) co_return zone.error();
    std::string message = update_message(*zone, record, settings_.ttl, add);
    std::string mac;
    if (settings_.key) {
      signed_message made =
          sign_message(std::move(message), *settings_.key, static_cast<std::uint64_t>(std::time(nullptr)));
      message = std::move(made.wire);
      mac = std::move(made.mac);
    }
    const auto reply = co_await base::dns_exchange(message, settings_.server, settings_.timing);
    if (!reply) co_return reply.error().at("rfc2136");
    const int code = static_cast<unsigned char>((*reply)[3]) & 15;
    base::result<void> verified;
    if (settings_.key)
      verified = verify_reply(*reply, mac, *settings_.key, static_cast<std::uint64_t>(std::time(nullptr)));
    // NOTAUTH is what all troubles with TSIG come with, and the record says which one it was. Any other
    // refusal says more than that it is not signed.
    if (!verified && (code == 0 || code == rcode_notauth))
      co_return verified.error().at("rfc2136: " + settings_.server.to_string());
    if (code != 0)
      co_return base::error(base::errc::protocol,
                            "rfc2136: " + settings_.server.to_string() + " answered " + rcode_sentence(code));
    co_return base::result<void>();
  }

  // The server that is updated is asked itself: it may be hidden or private.
  base::awaitable<base::result<std::string>> find_zone(std::string name) {
    std::string best;
    for (const std::string& zone : settings_.zones)
      if (base::is_in_zone(name, zone) && zone.size() > best.size()) best = zone;
    if (!best.empty()) co_return best;
    if (!settings_.zones.empty())
      co_return base::error(base::errc::not_found, "rfc2136: none of the zones holds " + name);
    const std::vector<std::string> server{settings_.server.to_string()};
    const auto resolver = base::dns_resolver::create(server);
    if (!resolver) co_return resolver.error();
    const auto zone = co_await resolver->find_zone(name);
    if (!zone) co_return zone.error().at("rfc2136");
    co_return zone;
  }

  settings settings_;
};

// `key "name" { algorithm x; secret "y"; };`: the words in order, punctuation aside.
base::result<tsig_key> read_key_file(const option_values& options) {
  const auto text = base::read_file(options["tsig_file"], key_file_bytes_max);
  if (!text) return options.wrong("tsig_file", text.error().message());
  std::vector<std::string> words(1);
  for (const char c : *text) {
    if (std::string_view(" \t\r\n\"{};").find(c) == std::string_view::npos)
      words.back() += c;
    else if (!words.back().empty())
      words.emplace_back();
  }
  tsig_key out;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "key" && out.name.empty()) out.name = base::normalise_dns_name(words[i + 1]);
    if (words[i] == "algorithm" && out.algorithm.empty())
      out.algorithm = base::normalise_dns_name(words[i + 1]);
    if (words[i] == "secret" && out.secret.empty())
      if (auto bytes = base::from_base64(words[i + 1])) out.secret = base::secret(std::move(*bytes));
  }
  if (out.name.empty() || out.secret.empty() || !is_tsig_algorithm(out.algorithm))
    return options.wrong("tsig_file", "does not hold a key with name, algorithm and secret");
  return out;
}

base::result<std::optional<tsig_key>> read_key(const option_values& options) {
  for (const std::string_view gss :
       {"tsiggss_realm", "tsiggss_username", "tsiggss_password", "tsiggss_keytab_file"})
    if (!options[gss].empty())
      return options.wrong(gss, "cannot be used: GSS-TSIG is not supported, use a TSIG key");
  if (!options["tsig_file"].empty()) {
    auto key = read_key_file(options);
    if (!key) return key.error();
    return std::optional<tsig_key>(std::move(*key));
  }
  if (options["tsig_key"].empty() && options["tsig_secret"].empty()) return std::optional<tsig_key>();
  // Half a key must not become an unsigned update.
  if (options["tsig_key"].empty()) return options.wrong("tsig_key", "is missing beside tsig_secret");
  if (options["tsig_secret"].empty()) return options.wrong("tsig_secret", "is missing beside tsig_key");
  tsig_key key;
  key.name = base::normalise_dns_name(options["tsig_key"]);
  key.algorithm =
      options["tsig_algorithm"].empty() ? "hmac-sha1" : base::normalise_dns_name(options["tsig_algorithm"]);
  if (!is_tsig_algorithm(key.algorithm))
    return options.wrong("tsig_algorithm",
                         "is not one of hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384, hmac-sha512");
  auto bytes = base::from_base64(base::trim(options["tsig_secret"]));
  if (!bytes || bytes->empty()) return options.wrong("tsig_secret", "is not base64");
  key.secret = base::secret(std::move(*bytes));
  return std::optional<tsig_key>(std::move(key));
}

}  // namespace

const provider_metadata& rfc2136_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_rfc2136(const option_values& options, services) {
  settings out;
  const auto server = base::parse_dns_server(options["nameserver"]);
  if (!server) return options.wrong("nameserver", server.error().message());
  out.server = *server;
  std::string_view zones = options["zones"];
  while (!zones.empty()) {
    const auto comma = zones.find(',');
    out.zones.push_back(base::normalise_dns_name(zones.substr(0, comma)));
    zones = comma == std::string_view::npos ? std::string_view{} : zones.substr(comma + 1);
  }
  auto key = read_key(options);
  if (!key) return key.error();
  out.key = std::move(*key);
  if (!options["ttl"].empty()) {
    const auto ttl = options.number("ttl", 0, 86'400);
    if (!ttl) return ttl.error();
    out.ttl = static_cast<std::uint32_t>(*ttl);
  }
  const auto timeout = options.timeout("dns_timeout");
  if (!timeout) return timeout.error();
  out.timing.try_timeout = *timeout / out.timing.tries;
  const auto propagation = read_timing(options, {});
  if (!propagation) return propagation.error();
  out.propagation = *propagation;
  return std::unique_ptr<provider>(std::make_unique<rfc2136>(std::move(out)));
}

}  // namespace cardea::dnsproviders
