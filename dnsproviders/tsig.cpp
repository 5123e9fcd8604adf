#include "dnsproviders/tsig.hpp"

#include "base/dns_name.hpp"
#include "base/text.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::uint16_t type_tsig = 250;
constexpr std::uint16_t class_any = 255;
constexpr std::uint16_t fudge_seconds = 300;
constexpr std::size_t header_bytes = 12;

struct algorithm_entry {
  std::string_view name;
  const EVP_MD* (*digest)();
};
constexpr std::array<algorithm_entry, 5> algorithms{{{"hmac-sha1", EVP_sha1},
                                                     {"hmac-sha224", EVP_sha224},
                                                     {"hmac-sha256", EVP_sha256},
                                                     {"hmac-sha384", EVP_sha384},
                                                     {"hmac-sha512", EVP_sha512}}};

const EVP_MD* digest_of(std::string_view name) {
  for (const algorithm_entry& each : algorithms)
    if (each.name == name) return each.digest();
  return nullptr;
}

void put16(std::string& out, std::uint64_t value) {
  out += static_cast<char>((value >> 8U) & 255U);
  out += static_cast<char>(value & 255U);
}
void put48(std::string& out, std::uint64_t value) {
  put16(out, value >> 32U);
  put16(out, value >> 16U);
  put16(out, value);
}
std::uint16_t get16(std::string_view text, std::size_t at) {
  return static_cast<std::uint16_t>((static_cast<unsigned char>(text[at]) << 8U) |
                                    static_cast<unsigned char>(text[at + 1]));
}

std::string hmac(const tsig_key& key, const std::string& input) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  const std::string& secret = key.secret.reveal();
  HMAC(digest_of(key.algorithm), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(input.data()), input.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

// The TSIG variables of RFC 8945 section 4.3.3.
std::string variables(const tsig_key& key, std::uint64_t time, std::uint16_t fudge, std::uint16_t error,
                      std::string_view other) {
  std::string out = wire_name(key.name);
  put16(out, class_any);
  put16(out, 0);
  put16(out, 0);
  out += wire_name(key.algorithm);
  put48(out, time);
  put16(out, fudge);
  put16(out, error);
  put16(out, other.size());
  out += other;
  return out;
}

base::error refused(std::uint16_t code) {
  switch (code) {
    case 16:
      return {base::errc::protocol,
              "the name server refused the TSIG signature (BADSIG): check tsig_secret and tsig_algorithm"};
    case 17:
      return {base::errc::protocol, "the name server does not know the TSIG key (BADKEY): check tsig_key"};
    case 18:
      return {base::errc::protocol, "the name server refused the signing time (BADTIME): check the clocks"};
    default:
      return {base::errc::protocol, "the name server refused the TSIG record: error " + std::to_string(code)};
  }
}

}  // namespace

bool is_tsig_algorithm(std::string_view name) noexcept { return digest_of(name) != nullptr; }

std::string wire_name(std::string_view name) {
  std::string out;
  const std::string lower = base::normalise_dns_name(name);
  std::string_view rest = lower;
  while (!rest.empty()) {
    const auto dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    out += static_cast<char>(label.size());
    out += label;
    rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
  }
  out += '\0';
  return out;
}

signed_message sign_message(std::string message, const tsig_key& key, std::uint64_t now) {
  const std::string mac = hmac(key, message + variables(key, now, fudge_seconds, 0, {}));
  std::string data = wire_name(key.algorithm);
  put48(data, now);
  put16(data, fudge_seconds);
  put16(data, mac.size());
  data += mac;
  data += message.substr(0, 2);  // original id
  put16(data, 0);                // error
  put16(data, 0);                // other length

  const std::uint16_t additional = get16(message, 10);
  std::string wire = message.substr(0, 10);
  put16(wire, additional + 1U);
  wire += message.substr(header_bytes);
  wire += wire_name(key.name);
  put16(wire, type_tsig);
  put16(wire, class_any);
  put16(wire, 0);
  put16(wire, 0);
  put16(wire, data.size());
  return {wire + data, mac};
}

base::result<void> verify_reply(const std::string& reply, std::string_view request_mac, const tsig_key& key,
                                std::uint64_t now) {
  // The record is the last one and its names are not compressed, so it is found by what it begins with.
  const base::error unsigned_reply(base::errc::protocol,
                                   "the name server's answer is not signed with our key");
  std::string begin = wire_name(key.name);
  put16(begin, type_tsig);
  put16(begin, class_any);
  put16(begin, 0);
  put16(begin, 0);
  // Servers write names in the case of their own configuration; no other byte of `begin` has a case.
  const std::string folded = base::to_lower(reply);
  const auto at = reply.size() > header_bytes ? folded.rfind(begin) : std::string::npos;
  if (at == std::string::npos || at < header_bytes || get16(reply, 10) == 0) return unsigned_reply;
  const std::string algorithm = wire_name(key.algorithm);
  std::size_t cursor = at + begin.size();
  const auto has = [&](std::size_t bytes) { return reply.size() - cursor >= bytes; };
  if (!has(2) || reply.size() - cursor - 2 != get16(reply, cursor)) return unsigned_reply;
  cursor += 2;
  if (!has(algorithm.size() + 10) || folded.compare(cursor, algorithm.size(), algorithm) != 0)
    return unsigned_reply;
  cursor += algorithm.size();
  const std::uint64_t time = (std::uint64_t{get16(reply, cursor)} << 32U) |
                             (std::uint64_t{get16(reply, cursor + 2)} << 16U) | get16(reply, cursor + 4);
  const std::uint16_t fudge = get16(reply, cursor + 6);
  const std::size_t mac_size = get16(reply, cursor + 8);
  cursor += 10;
  if (!has(mac_size + 6)) return unsigned_reply;
  const std::string mac = reply.substr(cursor, mac_size);
  cursor += mac_size;
  const std::string original_id = reply.substr(cursor, 2);
  const std::uint16_t error = get16(reply, cursor + 2);
  const std::size_t other_size = get16(reply, cursor + 4);
  cursor += 6;
  if (reply.size() - cursor != other_size) return unsigned_reply;
  if (error != 0) return refused(error);

  std::string input;
  put16(input, request_mac.size());
  input += request_mac;
  input += original_id + reply.substr(2, 8);
  put16(input, get16(reply, 10) - 1U);
  input += reply.substr(header_bytes, at - header_bytes);
  input += variables(key, time, fudge, error, reply.substr(cursor));
  const std::string expected = hmac(key, input);
  if (mac.size() != expected.size() || CRYPTO_memcmp(mac.data(), expected.data(), mac.size()) != 0)
    return unsigned_reply;
  const std::uint64_t apart = now > time ? now - time : time - now;
  if (apart > fudge) return refused(18);
  return {};
}

}  // namespace cardea::dnsproviders
