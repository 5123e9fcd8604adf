#pragma once

#include "proxy/http1/field_line.hpp"
#include "proxy/http1/request_parser.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cardea::proxy::http1 {

struct chunked_limits {
  std::size_t extension_bytes_max = 4 * 1024;  ///< of one body, all chunks together (S19)
  std::size_t trailer_bytes_max = 8 * 1024;    ///< 431 beyond (S22)
  std::size_t trailer_count_max = 32;
};

/// A strict streaming decoder of the chunked transfer coding (RFC 9112 section 7.1).
///
/// Sans-I/O; allocates only when there are trailers. Extensions are checked and
/// dropped. Trailer lines are checked like field lines; those that must not be
/// merged or relayed (S21: framing, routing, authentication, hop-by-hop,
/// X-Forwarded-*) are dropped, the others are kept for `trailers`.
class chunked_decoder {
 public:
  explicit chunked_decoder(const chunked_limits& limits) noexcept : limits_(&limits) {}

  struct step {
    std::size_t consumed = 0;    ///< bytes of the input that are done with, data included
    std::string_view data = {};  ///< body bytes, a range of the input; may be empty
    parse_status status =
        parse_status::need_more;  ///< done: the body and its trailers ended within `consumed`
  };

  /// Takes the next piece of the body. Call again with what is left of the
  /// input until `consumed` is 0 with need_more (all was taken), or done, or failed.
  [[nodiscard]] step next(std::string_view input);

  /// "Name: value\r\n" lines to relay, without the final empty line; after done.
  [[nodiscard]] const std::string& trailers() const noexcept { return trailers_; }
  [[nodiscard]] const rejection& why() const noexcept { return rejection_; }
  void reset() noexcept;

 private:
  enum class state : std::uint8_t {
    // Within a line: one byte after the other.
    data_cr,  ///< after a chunk's last byte
    data_lf,
    size_first,  ///< the first digit of a chunk's size
    size,
    extension_name_first,  ///< after a `;`
    extension_name,
    extension_value_first,  ///< after a `=`
    extension_value,
    extension_quoted,
    extension_escaped,   ///< after a backslash within quotes
    extension_unquoted,  ///< after the closing quote
    size_lf,             ///< after the CR of a chunk's first line
    // Ranges of bytes, and the ends.
    data,
    trailers,
    done,
    failed,
  };

  /// Whether the byte fits where the decoder stands, outside data and trailers.
  [[nodiscard]] bool take(char c) noexcept;
  [[nodiscard]] bool take_size(char c) noexcept;
  [[nodiscard]] bool take_extension(char c) noexcept;
  /// After a complete size, extension name or extension value.
  [[nodiscard]] bool end_part(char c, std::string_view reason) noexcept;
  [[nodiscard]] bool enter(state next) noexcept;
  std::size_t take_trailers(std::string_view input);
  void keep_trailer(const http::field& line);
  bool refuse(std::uint16_t status, std::string_view reason) noexcept;

  const chunked_limits* limits_;
  state state_ = state::size_first;
  std::uint8_t size_digits_ = 0;
  std::uint64_t chunk_left_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::size_t trailer_count_ = 0;
  line_position trailer_position_;
  std::string trailer_line_;  ///< the trailer line that has not ended yet
  std::string trailers_;
  rejection rejection_;
};

}  // namespace cardea::proxy::http1
