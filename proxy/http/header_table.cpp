#include "proxy/http/header_table.hpp"

#include <bit>
#include <cstring>

namespace cardea::proxy::http {
namespace {

/// The bytes of a lower-case name, and in which of them bit 0x20 does not matter
/// because they are letters: so that no other byte is taken for a `-`.
template <class Word>
struct pattern {
  Word lower = 0;
  Word care = 0;
};

template <class Word>
consteval pattern<Word> pattern_of(const char* at) {
  pattern<Word> made;
  for (std::size_t i = 0; i < sizeof(Word); ++i) {
    const bool letter = at[i] >= 'a' && at[i] <= 'z';
    made.lower |= static_cast<Word>(static_cast<Word>(static_cast<unsigned char>(at[i])) << (8 * i));
    made.care |= static_cast<Word>(static_cast<Word>(letter ? 0xdf : 0xff) << (8 * i));
  }
  return made;
}

template <class Word>
Word load(const char* at) noexcept {
  Word word;
  std::memcpy(&word, at, sizeof word);
  if constexpr (std::endian::native == std::endian::big) {
    Word swapped = 0;
    for (std::size_t i = 0; i < sizeof(Word); ++i)
      swapped = static_cast<Word>(swapped << 8 | (word >> (8 * i) & 0xff));
    return swapped;
  }
  return word;
}

template <std::size_t N>
struct literal {
  char text[N]{};
  consteval literal(const char (&from)[N]) {
    for (std::size_t i = 0; i < N; ++i) text[i] = from[i];
  }
};

template <class Word>
std::uint64_t difference(const char* at, pattern<Word> wanted) noexcept {
  return static_cast<Word>((load<Word>(at) ^ wanted.lower) & wanted.care);
}

/// Whether the bytes at `at`, as many as `Name` has, are that name; compares
/// whole words, the last one overlapping.
template <literal Name>
bool is(const char* at) noexcept {
  constexpr std::size_t size = sizeof(Name.text) - 1;
  if constexpr (size >= 8) {
    std::uint64_t differs = difference(at, pattern_of<std::uint64_t>(Name.text));
    if constexpr (size > 16) differs |= difference(at + 8, pattern_of<std::uint64_t>(Name.text + 8));
    return (differs | difference(at + size - 8, pattern_of<std::uint64_t>(Name.text + size - 8))) == 0;
  } else if constexpr (size >= 4) {
    return (difference(at, pattern_of<std::uint32_t>(Name.text)) |
            difference(at + size - 4, pattern_of<std::uint32_t>(Name.text + size - 4))) == 0;
  } else {
    return (difference(at, pattern_of<std::uint16_t>(Name.text)) |
            difference(at + size - 2, pattern_of<std::uint16_t>(Name.text + size - 2))) == 0;
  }
}

field_id identify_long(const char* at, std::size_t size) noexcept {
  switch (size) {
    case 12:
      return is<"content-type">(at) ? field_id::content_type : field_id::other;
    case 13:
      if (is<"authorization">(at)) return field_id::authorization;
      return is<"if-none-match">(at) ? field_id::if_none_match : field_id::other;
    case 14:
      if (is<"content-length">(at)) return field_id::content_length;
      return is<"http2-settings">(at) ? field_id::http2_settings : field_id::other;
    case 15:
      if (is<"accept-encoding">(at)) return field_id::accept_encoding;
      if (is<"x-forwarded-for">(at)) return field_id::x_forwarded_for;
      return is<"x-forwarded-uri">(at) ? field_id::x_forwarded_uri : field_id::other;
    case 16:
      if (is<"x-forwarded-host">(at)) return field_id::x_forwarded_host;
      if (is<"x-forwarded-port">(at)) return field_id::x_forwarded_port;
      return is<"proxy-connection">(at) ? field_id::proxy_connection : field_id::other;
    case 17:
      if (is<"if-modified-since">(at)) return field_id::if_modified_since;
      if (is<"transfer-encoding">(at)) return field_id::transfer_encoding;
      return is<"x-forwarded-proto">(at) ? field_id::x_forwarded_proto : field_id::other;
    case 18:
      if (is<"proxy-authenticate">(at)) return field_id::proxy_authenticate;
      if (is<"x-forwarded-method">(at)) return field_id::x_forwarded_method;
      return is<"x-forwarded-prefix">(at) ? field_id::x_forwarded_prefix : field_id::other;
    case 19:
      return is<"proxy-authorization">(at) ? field_id::proxy_authorization : field_id::other;
    case 21:
      return is<"sec-websocket-version">(at) ? field_id::sec_websocket_version : field_id::other;
    default:
      return field_id::other;
  }
}

}  // namespace

field_id identify_field(std::string_view name) noexcept {
  const char* at = name.data();
  switch (name.size()) {
    case 2:
      return is<"te">(at) ? field_id::te : field_id::other;
    case 3:
      return is<"via">(at) ? field_id::via : field_id::other;
    case 4:
      if (is<"host">(at)) return field_id::host;
      return is<"date">(at) ? field_id::date : field_id::other;
    case 5:
      if (is<"range">(at)) return field_id::range;
      return is<"proxy">(at) ? field_id::proxy : field_id::other;
    case 6:
      if (is<"cookie">(at)) return field_id::cookie;
      if (is<"server">(at)) return field_id::server;
      if (is<"origin">(at)) return field_id::origin;
      return is<"expect">(at) ? field_id::expect : field_id::other;
    case 7:
      if (is<"upgrade">(at)) return field_id::upgrade;
      return is<"trailer">(at) ? field_id::trailer : field_id::other;
    case 8:
      return is<"if-range">(at) ? field_id::if_range : field_id::other;
    case 9:
      if (is<"x-real-ip">(at)) return field_id::x_real_ip;
      return is<"forwarded">(at) ? field_id::forwarded : field_id::other;
    case 10:
      if (is<"connection">(at)) return field_id::connection;
      return is<"keep-alive">(at) ? field_id::keep_alive : field_id::other;
    default:
      return identify_long(at, name.size());
  }
}

const field* header_table::find(field_id id) const noexcept {
  if (!has(id)) return nullptr;
  for (const field& line : *this)
    if (line.id == id) return &line;
  return nullptr;
}

}  // namespace cardea::proxy::http
