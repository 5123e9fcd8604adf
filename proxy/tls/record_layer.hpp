#pragma once

#include "proxy/tls/record_protection.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace cardea::proxy::tls {

/// The record layer of a server's established TLS 1.3 connection (RFC 8446 section 5).
///
/// Takes over when the handshake is done, with both application traffic
/// secrets: a library's connection object costs an idle client more than 10 KiB,
/// this one some hundred bytes. No input or output; not thread-safe.
class record_layer {
 public:
  /// `records_written`: under `writing`, by whoever shook hands (session tickets).
  record_layer(const traffic_secret& reading, const traffic_secret& writing, std::uint64_t records_written) noexcept;

  /// Records in a row that carry no data: empty ones and key updates. Beyond it
  /// the peer is only keeping us busy (V06).
  static constexpr unsigned idle_records_max = 32;
  /// What an answer needs of room.
  static constexpr std::size_t answer_bytes_max = record_overhead + 8;

  /// How long the record at the front of `received` is with its header: 0 while
  /// the header is not whole, nothing when no record may look like that.
  [[nodiscard]] static std::optional<std::size_t> record_bytes(std::string_view received) noexcept;

  enum class event : std::uint8_t {
    data,     ///< `bytes` of plaintext are in `out`
    nothing,  ///< the record was for us
    ended,    ///< close_notify
    failed,   ///< the peer broke the protocol, or gave up; nothing more can be read
  };
  struct outcome {
    event what;
    std::size_t bytes = 0;
  };
  /// One whole record; `out` as in record_protection::open. Whatever it brought,
  /// an answer may have to be sent.
  [[nodiscard]] outcome take(std::string_view record, char* out) noexcept;
  /// A record that cannot be one at all: the peer is told so.
  void refuse_record() noexcept { alert_ = record_overflow; }

  [[nodiscard]] bool has_answer() const noexcept { return alert_ != none || update_owed_ || writing_.is_worn(); }
  /// Seals what is owed to the peer, one record; 0 when the library fails.
  [[nodiscard]] std::size_t seal_answer(char* out) noexcept;

  [[nodiscard]] std::size_t seal_data(std::span<const std::string_view> pieces, char* out) noexcept {
    return writing_.seal(content_type::application_data, pieces, out);
  }
  /// Once; 0 afterwards.
  [[nodiscard]] std::size_t seal_close_notify(char* out) noexcept;

  /// How often the peer changed its keys since this was asked last.
  [[nodiscard]] unsigned take_key_updates() noexcept { return std::exchange(key_updates_, 0); }

  void rest() noexcept {
    reading_.rest();
    writing_.rest();
  }
  /// Why reading failed; static text.
  [[nodiscard]] std::string_view failure() const noexcept { return failure_; }

 private:
  // Alert descriptions of RFC 8446 section 6.
  static constexpr std::uint8_t close_notify = 0;
  static constexpr std::uint8_t unexpected_message = 10;
  static constexpr std::uint8_t bad_record_mac = 20;
  static constexpr std::uint8_t record_overflow = 22;
  static constexpr std::uint8_t user_canceled = 90;
  static constexpr std::uint8_t none = 255;

  [[nodiscard]] outcome take_alert(std::string_view message) noexcept;
  [[nodiscard]] outcome take_handshake(std::string_view message) noexcept;
  [[nodiscard]] outcome idle(outcome harmless) noexcept;
  [[nodiscard]] outcome fail(std::uint8_t alert, std::string_view why) noexcept;

  record_protection reading_;
  record_protection writing_;
  std::string_view failure_;
  unsigned idle_records_ = 0;
  unsigned key_updates_ = 0;
  std::uint8_t alert_ = none;
  bool update_owed_ = false;
  bool closed_ = false;  ///< we said that we send nothing more
};

}  // namespace cardea::proxy::tls
