#pragma once

#include "proxy/http2/hpack_table.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cardea::proxy::http2 {

/// Decodes header blocks (RFC 7541), one field after the other, into memory of the caller's.
///
/// Sans-I/O. What a block may unfold to is the caller's to bound: it says for each field how
/// much room there is, before anything is copied (F04).
class hpack_decoder {
 public:
  /// `table_bytes_max`: what our SETTINGS allow, at most hpack_table::bytes_possible.
  explicit hpack_decoder(std::size_t table_bytes_max) noexcept
      : table_(table_bytes_max), allowed_(table_bytes_max) {}

  enum class status : std::uint8_t {
    field,
    end,        ///< the block is used up
    no_room,    ///< nothing was taken: call again with more room, or `discarding`
    malformed,  ///< COMPRESSION_ERROR: the state of the connection is lost
  };
  struct step {
    status outcome = status::end;
    std::size_t name_size = 0;   ///< the name stands at `out`
    std::size_t value_size = 0;  ///< behind the name
  };

  /// Before the first `next` of a block: only there may the table change its size.
  void begin_block() noexcept { resizes_left_ = resizes_max; }

  /// Takes one field off `block` and writes name and value to `out`. With `discarding` a field
  /// that does not fit `room` is taken all the same, so that the table stays in step; its
  /// sizes are then meaningless.
  [[nodiscard]] step next(std::string_view& block, char* out, std::size_t room, bool discarding = false);

  [[nodiscard]] const hpack_table& table() const noexcept { return table_; }

 private:
  /// Down and up again is all that an encoder can want to say (RFC 7541 section 4.2).
  static constexpr int resizes_max = 2;

  struct text {
    status outcome = status::field;
    std::size_t size = 0;
  };

  [[nodiscard]] bool resize(std::string_view& block) noexcept;
  [[nodiscard]] bool look_up(std::size_t index, field_view& found) const noexcept;
  [[nodiscard]] static text read_text(std::string_view& block, char* out, std::size_t room) noexcept;
  [[nodiscard]] step read_literal(std::string_view& block, unsigned prefix_bits, char* out, std::size_t room,
                                  bool discarding);

  hpack_table table_;
  std::size_t allowed_;
  int resizes_left_ = resizes_max;
};

/// An integer of RFC 7541 section 5.1 at the begin of `block`, whose first byte is there.
/// False when it is cut off or larger than any that can be meant.
[[nodiscard]] bool read_integer(std::string_view& block, unsigned prefix_bits, std::size_t& value) noexcept;

}  // namespace cardea::proxy::http2
