#pragma once

#include "proxy/http/header_table.hpp"
#include "proxy/http/message_head.hpp"

#include <cstdint>
#include <string_view>

namespace cardea::proxy::http1 {

/// What the Content-Length, Transfer-Encoding and Connection fields of one head say,
/// taken in as its lines arrive. Strict for requests and responses alike: each of the
/// first two at most once, a length without sign, list or leading zero, no coding but
/// `chunked`, and never both (S01-S15).
class framing_fields {
 public:
  enum class coding : std::uint8_t { none, chunked, unsupported };

  /// Each returns static text that says why the field is refused, empty if it is not.
  [[nodiscard]] std::string_view take_content_length(std::string_view value) noexcept;
  [[nodiscard]] std::string_view take_transfer_encoding(std::string_view value,
                                                        http::protocol_version version) noexcept;
  [[nodiscard]] std::string_view take_connection(std::string_view value) noexcept;

  [[nodiscard]] bool has_content_length() const noexcept { return has_content_length_; }
  [[nodiscard]] std::uint64_t content_length() const noexcept { return content_length_; }
  /// `unsupported`: a registered coding other than chunked (501, RFC 9112 section 6.1).
  [[nodiscard]] coding transfer_coding() const noexcept { return coding_; }
  /// Whether the connection stays open by RFC 9112 section 9.3.
  [[nodiscard]] bool keeps_alive(http::protocol_version version) const noexcept {
    return !lists_close_ && (version == http::protocol_version::http11 || lists_keep_alive_);
  }
  [[nodiscard]] bool lists_upgrade() const noexcept { return lists_upgrade_; }

 private:
  void take_option(std::string_view option) noexcept;

  std::uint64_t content_length_ = 0;
  coding coding_ = coding::none;
  bool has_content_length_ = false;
  bool lists_close_ = false;
  bool lists_keep_alive_ = false;
  bool lists_upgrade_ = false;
};

}  // namespace cardea::proxy::http1
