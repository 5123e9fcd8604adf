#include "proxy/net/proxy_protocol.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace cardea::proxy::net {
namespace {

using state = proxy_header::state;

constexpr std::string_view v1_signature = "PROXY ";
constexpr std::string_view v2_signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t v2_fixed_bytes = 16;
constexpr std::size_t tlv_fixed_bytes = 3;

proxy_header malformed(std::string_view reason) noexcept {
  return {state::malformed, 0, std::nullopt, std::nullopt, reason};
}
proxy_header need(std::size_t bytes) noexcept { return {state::need_more, bytes}; }

std::size_t number_at(std::string_view bytes, std::size_t at) noexcept {
  return static_cast<std::size_t>(static_cast<std::uint8_t>(bytes[at])) << 8U | static_cast<std::uint8_t>(bytes[at + 1]);
}

// ---- version 1

// The next word of a line whose words stand apart by exactly one blank.
std::string_view take_word(std::string_view& line) noexcept {
  const auto blank = std::min(line.find(' '), line.size());
  const std::string_view out = line.substr(0, blank);
  line.remove_prefix(std::min(blank + 1, line.size()));
  return out;
}

std::optional<std::uint16_t> port_of(std::string_view digits) noexcept {
  std::uint16_t out = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  const bool is_padded = digits.size() > 1 && digits.front() == '0';
  if (failure != std::errc{} || end != digits.data() + digits.size() || is_padded) return std::nullopt;
  return out;
}

// from_parts would allocate for its message; on this path a failure must cost nothing.
std::optional<base::address> address_of(int family, std::string_view host, std::string_view digits) noexcept {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const auto port = port_of(digits);
  if (!port || host.size() >= text.size() || host.find('\0') != std::string_view::npos) return std::nullopt;
  std::copy(host.begin(), host.end(), text.begin());
  if (family == AF_INET) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(*port);
    if (inet_pton(AF_INET, text.data(), &v4.sin_addr) != 1) return std::nullopt;
    return base::address(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(*port);
  if (inet_pton(AF_INET6, text.data(), &v6.sin6_addr) != 1) return std::nullopt;
  return base::address(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
}

proxy_header parse_v1(std::string_view received) noexcept {
  const auto end = received.substr(0, proxy_v1_bytes_max).find_first_of("\r\n");
  if (end == std::string_view::npos)
    return received.size() < proxy_v1_bytes_max ? need(received.size() + 1) : malformed("a line longer than 107 bytes");
  if (received[end] == '\n') return malformed("a line that does not end in CR LF");
  if (end + 1 == proxy_v1_bytes_max) return malformed("a line longer than 107 bytes");
  if (end + 1 == received.size()) return need(received.size() + 1);
  if (received[end + 1] != '\n') return malformed("a line that does not end in CR LF");

  proxy_header out{state::complete, end + 2};
  std::string_view line = received.substr(v1_signature.size(), end - v1_signature.size());
  const std::string_view family = take_word(line);
  if (family == "UNKNOWN") return out;
  if (family != "TCP4" && family != "TCP6") return malformed("a family other than TCP4, TCP6 and UNKNOWN");
  const std::string_view source = take_word(line);
  const std::string_view destination = take_word(line);
  const std::string_view source_port = take_word(line);
  // Whatever is left, a blank at the end included, belongs to the last word and spoils it.
  const std::string_view destination_port = line;
  const int number = family == "TCP4" ? AF_INET : AF_INET6;
  out.source = address_of(number, source, source_port);
  out.destination = address_of(number, destination, destination_port);
  if (!out.source || !out.destination) return malformed("an address or port that is none");
  return out;
}

// ---- version 2

base::address v4_at(std::string_view bytes, std::size_t host, std::size_t port) noexcept {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  std::memcpy(&v4.sin_addr, bytes.data() + host, sizeof v4.sin_addr);
  std::memcpy(&v4.sin_port, bytes.data() + port, sizeof v4.sin_port);
  return {reinterpret_cast<const sockaddr*>(&v4), sizeof v4};
}

base::address v6_at(std::string_view bytes, std::size_t host, std::size_t port) noexcept {
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  std::memcpy(&v6.sin6_addr, bytes.data() + host, sizeof v6.sin6_addr);
  std::memcpy(&v6.sin6_port, bytes.data() + port, sizeof v6.sin6_port);
  return {reinterpret_cast<const sockaddr*>(&v6), sizeof v6};
}

bool tlvs_fill(std::string_view rest) noexcept {
  while (!rest.empty()) {
    if (rest.size() < tlv_fixed_bytes) return false;
    const std::size_t size = number_at(rest, 1);
    if (rest.size() - tlv_fixed_bytes < size) return false;
    rest.remove_prefix(tlv_fixed_bytes + size);
  }
  return true;
}

proxy_header parse_v2(std::string_view received, std::size_t bytes_max) noexcept {
  if (received.size() < v2_fixed_bytes) return need(v2_fixed_bytes);
  const auto version_and_command = static_cast<std::uint8_t>(received[12]);
  const auto family = static_cast<std::uint8_t>(received[13]);
  const std::size_t total = v2_fixed_bytes + number_at(received, 14);
  if (version_and_command >> 4U != 2) return malformed("a version other than 1 and 2");
  const unsigned command = version_and_command & 0x0fU;
  if (command > 1) return malformed("a command other than LOCAL and PROXY");
  if (total > bytes_max) return malformed("longer than proxy_header_bytes_max");
  if (received.size() < total) return need(total);

  proxy_header out{state::complete, total};
  if (command == 0) return out;  // a health check of the proxy's own: what it says of addresses is void
  std::size_t address_bytes = 0;
  switch (family) {
    case 0x00: return out;  // unspecified: the receiver skips the rest
    case 0x11: address_bytes = 12; break;
    case 0x21: address_bytes = 36; break;
    case 0x31: address_bytes = 216; break;
    default: return malformed("an address family or transport that a TCP connection cannot have");
  }
  const std::string_view body = received.substr(v2_fixed_bytes, total - v2_fixed_bytes);
  if (body.size() < address_bytes) return malformed("shorter than its addresses");
  if (!tlvs_fill(body.substr(address_bytes))) return malformed("a TLV that is longer than the header");
  if (family == 0x11) {
    out.source = v4_at(body, 0, 8);
    out.destination = v4_at(body, 4, 10);
  } else if (family == 0x21) {
    out.source = v6_at(body, 0, 32);
    out.destination = v6_at(body, 16, 34);
  }
  return out;
}

// ---- writing

bool is_v6(const sockaddr_in6& value) noexcept { return !IN6_IS_ADDR_V4MAPPED(&value.sin6_addr); }

// As IPv6, IPv4 mapped: both families from one form.
sockaddr_in6 as_v6(const base::address& from) noexcept {
  sockaddr_in6 out{};
  if (from.family() == AF_INET6) {
    std::memcpy(&out, from.data(), sizeof out);
    return out;
  }
  sockaddr_in v4{};
  std::memcpy(&v4, from.data(), sizeof v4);
  out.sin6_addr.s6_addr[10] = out.sin6_addr.s6_addr[11] = 0xff;
  std::memcpy(&out.sin6_addr.s6_addr[12], &v4.sin_addr, sizeof v4.sin_addr);
  out.sin6_port = v4.sin_port;
  return out;
}

}  // namespace

proxy_header parse_proxy_header(std::string_view received, std::size_t bytes_max) noexcept {
  for (const std::string_view signature : {v1_signature, v2_signature}) {
    const std::size_t common = std::min(received.size(), signature.size());
    if (received.substr(0, common) != signature.substr(0, common)) continue;
    if (common < signature.size()) return need(received.size() + 1);
    return signature == v1_signature ? parse_v1(received) : parse_v2(received, bytes_max);
  }
  return {state::absent};
}

proxy_header_text make_proxy_header(const base::address& source, const base::address& destination) noexcept {
  const sockaddr_in6 from = as_v6(source);
  const sockaddr_in6 to = as_v6(destination);
  const bool v6 = is_v6(from) || is_v6(to);
  const std::size_t host_bytes = v6 ? 16 : 4;
  proxy_header_text out;
  const auto append = [&out](const void* data, std::size_t size) {
    std::memcpy(out.data.data() + out.size, data, size);
    out.size += size;
  };
  const std::array<std::uint8_t, 4> fixed{0x21, static_cast<std::uint8_t>(v6 ? 0x21 : 0x11), 0,
                                          static_cast<std::uint8_t>(2 * host_bytes + 4)};
  append(v2_signature.data(), v2_signature.size());
  append(fixed.data(), fixed.size());
  append(from.sin6_addr.s6_addr + 16 - host_bytes, host_bytes);
  append(to.sin6_addr.s6_addr + 16 - host_bytes, host_bytes);
  append(&from.sin6_port, sizeof from.sin6_port);
  append(&to.sin6_port, sizeof to.sin6_port);
  return out;
}

}  // namespace cardea::proxy::net
