#include "proxy/tls/record_layer.hpp"

#include <array>

namespace cardea::proxy::tls {
namespace {

constexpr char fatal = 2;
constexpr char warning = 1;

// KeyUpdate (RFC 8446 section 4.6.3) is the only handshake message that a client may still send:
// its type, a length of 1, and whether it wants one in return.
constexpr std::string_view update_not_requested{"\x18\0\0\1\0", 5};
constexpr std::string_view update_requested{"\x18\0\0\1\1", 5};

}  // namespace

record_layer::record_layer(const traffic_secret& reading, const traffic_secret& writing,
                           std::uint64_t records_written) noexcept
    : reading_(reading, 0), writing_(writing, records_written) {}

std::optional<std::size_t> record_layer::record_bytes(std::string_view received) noexcept {
  if (received.size() < record_header_bytes) return 0;
  const auto at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(received[i])); };
  const std::size_t size = at(3) << 8 | at(4);
  // The version is not looked at (section 5.1); the key vouches for the rest.
  if (size > record_ciphertext_max) return std::nullopt;
  return record_header_bytes + size;
}

record_layer::outcome record_layer::take(std::string_view record, char* out) noexcept {
  if (record.front() != static_cast<char>(content_type::application_data))
    return fail(unexpected_message, "a record in the clear behind the handshake");
  const auto opened = reading_.open(record, out);
  if (!opened) return fail(bad_record_mac, "a record that does not open with the connection's key");
  if (opened->bytes > record_plaintext_max) return fail(record_overflow, "a record longer than the protocol allows");
  switch (opened->type) {
    case content_type::application_data:
      if (opened->bytes == 0) return idle({event::nothing});
      idle_records_ = 0;
      return {event::data, opened->bytes};
    case content_type::alert:
      return take_alert({out, opened->bytes});
    case content_type::handshake:
      return take_handshake({out, opened->bytes});
  }
  return fail(unexpected_message, "a record of a type that nobody knows");
}

record_layer::outcome record_layer::take_alert(std::string_view message) noexcept {
  if (message.size() != 2) return fail(unexpected_message, "a malformed alert");
  const auto description = static_cast<std::uint8_t>(message[1]);
  if (description == close_notify) return {event::ended};
  if (description == user_canceled) return idle({event::nothing});
  failure_ = "the client sent an alert";
  return {event::failed};
}

record_layer::outcome record_layer::take_handshake(std::string_view message) noexcept {
  if (message != update_not_requested && message != update_requested)
    return fail(unexpected_message, "a handshake message behind the handshake");
  if (!reading_.advance()) return fail(bad_record_mac, "no further key can be made");
  ++key_updates_;
  // Several requests are answered once (section 4.6.3).
  if (message == update_requested) update_owed_ = true;
  return idle({event::nothing});
}

record_layer::outcome record_layer::idle(outcome harmless) noexcept {
  if (++idle_records_ <= idle_records_max) return harmless;
  return fail(unexpected_message, "too many records in a row without data");
}

record_layer::outcome record_layer::fail(std::uint8_t alert, std::string_view why) noexcept {
  alert_ = alert;
  failure_ = why;
  return {event::failed};
}

std::size_t record_layer::seal_answer(char* out) noexcept {
  if (alert_ != none) {
    const std::array<char, 2> message{fatal, static_cast<char>(alert_)};
    const std::array<std::string_view, 1> pieces{std::string_view{message.data(), message.size()}};
    alert_ = none;
    closed_ = true;
    return writing_.seal(content_type::alert, pieces, out);
  }
  update_owed_ = false;
  const std::array<std::string_view, 1> pieces{update_not_requested};
  const std::size_t size = writing_.seal(content_type::handshake, pieces, out);
  return writing_.advance() ? size : 0;
}

std::size_t record_layer::seal_close_notify(char* out) noexcept {
  if (closed_) return 0;
  closed_ = true;
  const std::array<char, 2> message{warning, static_cast<char>(close_notify)};
  const std::array<std::string_view, 1> pieces{std::string_view{message.data(), message.size()}};
  return writing_.seal(content_type::alert, pieces, out);
}

}  // namespace cardea::proxy::tls
