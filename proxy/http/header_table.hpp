#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cardea::proxy::http {

/// Field names the proxy acts on; everything else is `other` and only forwarded.
enum class field_id : std::uint8_t {
  other,
  accept_encoding,
  authorization,
  connection,
  content_length,
  content_type,
  cookie,
  date,
  expect,
  forwarded,
  host,
  http2_settings,
  if_modified_since,
  if_none_match,
  if_range,
  keep_alive,
  origin,
  proxy,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  range,
  sec_websocket_version,
  server,
  te,
  trailer,
  transfer_encoding,
  upgrade,
  via,
  x_forwarded_for,
  x_forwarded_host,
  x_forwarded_method,
  x_forwarded_port,
  x_forwarded_prefix,
  x_forwarded_proto,
  x_forwarded_uri,
  x_real_ip,
  count_
};

/// The identity of a field name, compared without case (RFC 9110 section 5.1). O(length).
[[nodiscard]] field_id identify_field(std::string_view name) noexcept;

/// One field line as offsets into the buffer that holds the head, so that the
/// buffer may move; 16 bytes.
struct field {
  std::uint32_t name_offset;
  std::uint32_t value_offset;
  std::uint32_t value_size;
  std::uint16_t name_size;
  field_id id;
};

/// The field lines of one message, in order, without an allocation.
class header_table {
 public:
  static constexpr std::size_t capacity = 128;

  void clear() noexcept {
    size_ = 0;
    present_ = 0;
  }
  /// False when the table is full.
  [[nodiscard]] bool add(const field& line) noexcept {
    if (size_ >= capacity) return false;
    fields_[size_++] = line;
    present_ |= bit(line.id);
    return true;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const field* begin() const noexcept { return fields_.data(); }
  [[nodiscard]] const field* end() const noexcept { return fields_.data() + size_; }

  /// Whether at least one field of that (known) name is there. O(1).
  [[nodiscard]] bool has(field_id id) const noexcept { return (present_ & bit(id)) != 0; }
  /// The first field of that name, or null.
  [[nodiscard]] const field* find(field_id id) const noexcept;

 private:
  static_assert(static_cast<std::size_t>(field_id::count_) <= 64);
  static constexpr std::uint64_t bit(field_id id) noexcept { return std::uint64_t{1} << static_cast<unsigned>(id); }

  std::array<field, capacity> fields_;
  std::size_t size_ = 0;
  std::uint64_t present_ = 0;
};

[[nodiscard]] inline std::string_view name_of(const field& line, const char* buffer) noexcept {
  return {buffer + line.name_offset, line.name_size};
}
[[nodiscard]] inline std::string_view value_of(const field& line, const char* buffer) noexcept {
  return {buffer + line.value_offset, line.value_size};
}

}  // namespace cardea::proxy::http
