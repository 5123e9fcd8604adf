#include "base/certificate_fields.hpp"

#include "base/der.hpp"
#include "base/text.hpp"

#include <arpa/inet.h>

#include <array>
#include <ctime>

namespace cardea::base {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view oid_alternative_name = "\x55\x1D\x11"sv;
constexpr std::string_view oid_ec = "\x2A\x86\x48\xCE\x3D\x02\x01"sv;
constexpr std::string_view oid_p256 = "\x2A\x86\x48\xCE\x3D\x03\x01\x07"sv;
constexpr std::string_view oid_p384 = "\x2B\x81\x04\x00\x22"sv;
constexpr std::string_view oid_p521 = "\x2B\x81\x04\x00\x23"sv;
constexpr std::string_view oid_rsa = "\x2A\x86\x48\x86\xF7\x0D\x01\x01\x01"sv;
constexpr std::string_view oid_ed25519 = "\x2B\x65\x70"sv;

constexpr unsigned char email_tag = der_tag::context(1);
constexpr unsigned char dns_name_tag = der_tag::context(2);
constexpr unsigned char ip_address_tag = der_tag::context(7);

std::optional<int> digits(std::string_view text) noexcept {
  int out = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + (c - '0');
  }
  return out;
}

// RFC 5280 section 4.1.2.5: always with seconds, always Z.
std::optional<wall_time> read_time(const der_element& from) noexcept {
  std::string_view text = from.content;
  const bool is_long = from.tag == der_tag::generalized_time;
  if ((!is_long && from.tag != der_tag::utc_time) || text.size() != (is_long ? 15U : 13U) ||
      text.back() != 'Z')
    return std::nullopt;
  const auto year = digits(text.substr(0, is_long ? 4 : 2));
  text.remove_prefix(is_long ? 4 : 2);
  std::array<int, 5> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto part = digits(text.substr(i * 2, 2));
    if (!part) return std::nullopt;
    parts[i] = *part;
  }
  if (!year || parts[0] < 1 || parts[0] > 12 || parts[2] > 23 || parts[3] > 59 || parts[4] > 59)
    return std::nullopt;
  std::tm when{};
  when.tm_year = is_long ? *year - 1900 : (*year < 50 ? *year + 100 : *year);
  when.tm_mon = parts[0] - 1;
  when.tm_mday = parts[1];
  when.tm_hour = parts[2];
  when.tm_min = parts[3];
  when.tm_sec = parts[4];
  const std::time_t seconds = timegm(&when);
  if (when.tm_mday != parts[1]) return std::nullopt;  // the 31st of a shorter month became another day
  // A year beyond what the clock can count (9999, "no end", RFC 5280 section 4.1.2.5) is its end.
  constexpr int year_max = 2261;
  if (when.tm_year > year_max - 1900) return wall_time::max();
  return std::chrono::system_clock::from_time_t(seconds);
}

key_kind kind_of(std::string_view algorithm) noexcept {
  der_reader parts(algorithm);
  const auto type = parts.next(der_tag::object);
  if (!type) return key_kind::other;
  if (type->content == oid_rsa) return key_kind::rsa;
  if (type->content == oid_ed25519) return key_kind::ed25519;
  const auto curve = parts.next(der_tag::object);
  if (type->content != oid_ec || !curve) return key_kind::other;
  if (curve->content == oid_p256) return key_kind::ec_p256;
  if (curve->content == oid_p384) return key_kind::ec_p384;
  return curve->content == oid_p521 ? key_kind::ec_p521 : key_kind::other;
}

// A BIT STRING of whole bytes.
std::optional<std::string_view> bits_of(const std::optional<der_element>& from) noexcept {
  if (!from || from->content.empty() || from->content.front() != '\0') return std::nullopt;
  return from->content.substr(1);
}

// Extensions ::= SEQUENCE OF SEQUENCE { id, critical DEFAULT FALSE, value OCTET STRING }
std::optional<std::string_view> alternative_names_in(std::string_view extensions) noexcept {
  constexpr unsigned char boolean = 0x01;
  der_reader list(extensions);
  const auto whole = list.next(der_tag::sequence);
  if (!whole) return std::nullopt;
  der_reader items(whole->content);
  while (!items.at_end()) {
    const auto item = items.next(der_tag::sequence);
    if (!item) return std::nullopt;
    der_reader parts(item->content);
    const auto id = parts.next(der_tag::object);
    static_cast<void>(parts.next(boolean));
    const auto value = parts.next(der_tag::octet_string);
    if (!id || !value) return std::nullopt;
    if (id->content != oid_alternative_name) continue;
    der_reader inner(value->content);
    const auto names = inner.next(der_tag::sequence);
    if (!names) return std::nullopt;
    return names->content;
  }
  return std::string_view{};
}

bool read_public_key(const der_element& info, certificate_fields& into) noexcept {
  der_reader key(info.content);
  const auto algorithm = key.next(der_tag::sequence);
  const auto bits = bits_of(key.next(der_tag::bit_string));
  if (!algorithm || !bits) return false;
  into.kind = kind_of(algorithm->content);
  into.public_key_info = info.whole;
  into.public_key = *bits;
  return true;
}

template <class Use>
void for_each_name(std::string_view names, unsigned char tag, Use use) {
  der_reader items(names);
  while (const auto item = items.next())
    if (item->tag == tag) use(item->content);
}

// RSAPrivateKey and RSAPublicKey (RFC 8017): both have modulus and exponent in this order.
bool is_rsa_pair(std::string_view private_key, std::string_view public_key) noexcept {
  der_reader outer_private(private_key);
  der_reader outer_public(public_key);
  const auto ours = outer_private.next(der_tag::sequence);
  const auto theirs = outer_public.next(der_tag::sequence);
  if (!ours || !theirs) return false;
  der_reader of_private(ours->content);
  der_reader of_public(theirs->content);
  const auto version = of_private.next(der_tag::integer);
  for (int i = 0; i < 2; ++i) {
    const auto a = of_private.next(der_tag::integer);
    const auto b = of_public.next(der_tag::integer);
    if (!version || !a || !b || a->content != b->content) return false;
  }
  return true;
}

// PKCS#8 (RFC 5208) wraps the other forms: version, algorithm, OCTET STRING.
std::string_view unwrapped(std::string_view key_der) noexcept {
  der_reader outer(key_der);
  const auto whole = outer.next(der_tag::sequence);
  if (!whole) return key_der;
  der_reader parts(whole->content);
  const bool begins = parts.next(der_tag::integer) && parts.next(der_tag::sequence);
  const auto wrapped = parts.next(der_tag::octet_string);
  return begins && wrapped ? wrapped->content : key_der;
}

}  // namespace

std::vector<std::string> certificate_fields::dns_names() const {
  std::vector<std::string> out;
  for_each_name(alternative_names, dns_name_tag,
                [&](std::string_view name) { out.push_back(to_lower(name)); });
  return out;
}

std::vector<std::string> certificate_fields::email_addresses() const {
  std::vector<std::string> out;
  for_each_name(alternative_names, email_tag, [&](std::string_view address) { out.emplace_back(address); });
  return out;
}

std::vector<std::string> certificate_fields::ip_addresses() const {
  std::vector<std::string> out;
  for_each_name(alternative_names, ip_address_tag, [&](std::string_view bytes) {
    std::array<char, INET6_ADDRSTRLEN> text;
    const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
    if ((bytes.size() == 4 || bytes.size() == 16) &&
        inet_ntop(family, bytes.data(), text.data(), text.size()) != nullptr)
      out.emplace_back(text.data());
  });
  return out;
}

std::optional<certificate_fields> read_certificate_fields(std::string_view der) noexcept {
  der_reader outer(der);
  const auto whole = outer.next(der_tag::sequence);
  if (!whole || !outer.at_end()) return std::nullopt;
  der_reader certificate(whole->content);
  const auto tbs = certificate.next(der_tag::sequence);
  const bool is_signed = tbs && certificate.next(der_tag::sequence) && certificate.next(der_tag::bit_string);
  if (!is_signed || !certificate.at_end()) return std::nullopt;

  der_reader parts(tbs->content);
  static_cast<void>(parts.next(der_tag::explicit_context(0)));  // version
  const bool begins =
      parts.next(der_tag::integer) && parts.next(der_tag::sequence) && parts.next(der_tag::sequence);
  const auto dates = parts.next(der_tag::sequence);
  const auto subject = parts.next(der_tag::sequence);
  const auto key = parts.next(der_tag::sequence);
  certificate_fields out;
  if (!begins || !dates || !subject || !key || !read_public_key(*key, out)) return std::nullopt;

  der_reader both(dates->content);
  const auto from = both.next();
  const auto until = both.next();
  const auto begin = from ? read_time(*from) : std::nullopt;
  const auto end = until ? read_time(*until) : std::nullopt;
  if (!begin || !end) return std::nullopt;
  out.not_before = *begin;
  out.not_after = *end;

  while (const auto item = parts.next()) {
    if (item->tag != der_tag::explicit_context(3)) continue;
    const auto names = alternative_names_in(item->content);
    if (!names) return std::nullopt;
    out.alternative_names = *names;
  }
  if (!parts.at_end()) return std::nullopt;
  return out;
}

// ECPrivateKey (RFC 5915): version, secret, [0] parameters, [1] public key.
std::optional<ec_key_parts> read_ec_key(std::string_view key_der) noexcept {
  der_reader outer(unwrapped(key_der));
  const auto whole = outer.next(der_tag::sequence);
  if (!whole) return std::nullopt;
  der_reader parts(whole->content);
  const auto version = parts.next(der_tag::integer);
  const auto secret = parts.next(der_tag::octet_string);
  if (!version || !secret) return std::nullopt;
  static_cast<void>(parts.next(der_tag::explicit_context(0)));
  const auto wrapped = parts.next(der_tag::explicit_context(1));
  if (!wrapped) return ec_key_parts{secret->content, {}};
  der_reader inner(wrapped->content);
  return ec_key_parts{secret->content, bits_of(inner.next(der_tag::bit_string)).value_or(std::string_view{})};
}

bool carries_public_key(std::string_view key_der, const certificate_fields& of) noexcept {
  if (of.kind == key_kind::rsa) return is_rsa_pair(unwrapped(key_der), of.public_key);
  if (!is_ecdsa(of.kind)) return false;
  const auto key = read_ec_key(key_der);
  return key && !key->public_key.empty() && key->public_key == of.public_key;
}

}  // namespace cardea::base
