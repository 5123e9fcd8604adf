#pragma once

#include "proxy/http/header_table.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// The pieces of a head that requests, responses and trailers share. Pure.
namespace cardea::proxy::http1 {

/// tchar of RFC 9110 section 5.6.2.
[[nodiscard]] bool is_token_byte(char c) noexcept;
[[nodiscard]] bool is_token(std::string_view text) noexcept;
/// HTAB, SP, VCHAR and obs-text: everything but control bytes (RFC 9110 section 5.5).
[[nodiscard]] bool is_field_value(std::string_view text) noexcept;
/// Without SP and HTAB at both ends.
[[nodiscard]] std::string_view trim_blanks(std::string_view text) noexcept;

/// Where the next line of a head lies.
struct line_search {
  enum class state : std::uint8_t { found, incomplete, bare_line_feed } outcome = state::incomplete;
  std::size_t size = 0;  ///< of the line without its CRLF
};
/// Searches a CRLF from `scanned` on; the line begins at `begin`.
[[nodiscard]] line_search find_line(std::string_view bytes, std::size_t begin, std::size_t scanned) noexcept;

/// Parses "name: value" at `offset` of the buffer. Returns the static text of
/// what is wrong, or null. Line folding, blanks around the name and control
/// bytes are all refused (S10-S12, S23-S26).
[[nodiscard]] const char* parse_field_line(std::string_view line, std::size_t offset, http::field& out) noexcept;

/// 1*DIGIT without sign, blanks or list; at most 18 digits (S13-S15).
[[nodiscard]] std::optional<std::uint64_t> parse_content_length(std::string_view value) noexcept;

/// What the Connection fields ask for.
struct connection_tokens {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
};
[[nodiscard]] connection_tokens read_connection(const http::header_table& fields, const char* buffer) noexcept;

[[nodiscard]] std::size_t count_fields(const http::header_table& fields, http::field_id id) noexcept;

}  // namespace cardea::proxy::http1
