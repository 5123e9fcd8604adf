#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace cardea::proxy::http2 {

/// The open streams of a connection by their number. `Stream` has `id` and `next_in_table`.
/// Owns nothing.
template <class Stream>
class stream_table {
 public:
  [[nodiscard]] Stream* find(std::uint32_t id) const noexcept {
    Stream* at = slots_[slot_of(id)];
    while (at != nullptr && at->id != id) at = at->next_in_table;
    return at;
  }
  void add(Stream& one) noexcept {
    Stream*& first = slots_[slot_of(one.id)];
    one.next_in_table = first;
    first = &one;
  }
  void remove(Stream& one) noexcept {
    Stream** at = &slots_[slot_of(one.id)];
    while (*at != &one) at = &(*at)->next_in_table;
    *at = one.next_in_table;
  }
  /// `visit` may remove the stream that it is given, and no other.
  template <class Visitor>
  void for_each(Visitor&& visit) const {
    for (Stream* first : slots_) {
      while (first != nullptr) {
        Stream* const next = first->next_in_table;
        visit(*first);
        first = next;
      }
    }
  }

 private:
  static constexpr std::size_t slot_count = 64;
  [[nodiscard]] static std::size_t slot_of(std::uint32_t id) noexcept { return (id >> 1U) % slot_count; }

  std::array<Stream*, slot_count> slots_{};
};

/// How the streams that are gone ended, as far as it matters for what still comes for them.
class closed_streams {
 public:
  enum class kind : std::uint8_t {
    never_opened,  ///< below the newest, but never used
    ended,         ///< by both sides, or reset by the client: nothing may come any more
    cut,           ///< by us: what the client had sent before it knew may come
    forgotten,     ///< too long ago to tell
  };

  void add(std::uint32_t id, bool cut_by_us) noexcept {
    forgotten_ = std::max(forgotten_, ids_[next_] >> 1U);
    ids_[next_] = id << 1U | (cut_by_us ? 1U : 0U);  // a stream's number has 31 bits
    next_ = static_cast<std::uint8_t>((next_ + 1) % ids_.size());
  }
  /// REQUIRES: the stream is not open, and no newer than the newest.
  [[nodiscard]] kind find(std::uint32_t id) const noexcept {
    for (const std::uint32_t each : ids_)
      if (each >> 1U == id) return (each & 1U) != 0 ? kind::cut : kind::ended;
    return id <= forgotten_ ? kind::forgotten : kind::never_opened;
  }

 private:
  std::array<std::uint32_t, 128> ids_{};
  std::uint32_t forgotten_ = 0;
  std::uint8_t next_ = 0;
};

}  // namespace cardea::proxy::http2
