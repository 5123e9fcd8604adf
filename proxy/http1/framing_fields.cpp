#include "proxy/http1/framing_fields.hpp"

#include "base/text.hpp"
#include "proxy/http/content_length.hpp"
#include "proxy/http/token_list.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace cardea::proxy::http1 {
namespace {

constexpr std::string_view both_present = "both Content-Length and Transfer-Encoding";

/// RFC 9110 section 18.6; anything else is taken for an attempt to hide `chunked`.
constexpr std::array<std::string_view, 5> other_codings{"gzip", "x-gzip", "deflate", "compress",
                                                        "x-compress"};

}  // namespace

std::string_view framing_fields::take_content_length(std::string_view value) noexcept {
  if (coding_ != coding::none) return both_present;
  if (has_content_length_) return "more than one Content-Length";
  const http::content_length parsed = http::parse_content_length(value);
  if (!parsed.why.empty()) return parsed.why;
  content_length_ = parsed.bytes;
  has_content_length_ = true;
  return {};
}

std::string_view framing_fields::take_transfer_encoding(std::string_view value,
                                                        http::protocol_version version) noexcept {
  if (version == http::protocol_version::http10) return "Transfer-Encoding in an HTTP/1.0 message";
  if (has_content_length_) return both_present;
  if (coding_ != coding::none) return "more than one Transfer-Encoding";
  if (base::equal_ignoring_case(value, "chunked")) {
    coding_ = coding::chunked;
    return {};
  }
  const auto same = [value](std::string_view name) { return base::equal_ignoring_case(value, name); };
  if (!std::any_of(other_codings.begin(), other_codings.end(), same))
    return "a Transfer-Encoding other than chunked";
  // Not refused yet: a Content-Length that follows makes it 400 instead of 501.
  coding_ = coding::unsupported;
  return {};
}

std::string_view framing_fields::take_connection(std::string_view value) noexcept {
  const bool well_formed =
      http::for_each_token(value, [this](std::string_view option) { take_option(option); });
  return well_formed ? std::string_view{} : "a Connection field that is not a list of tokens";
}

void framing_fields::take_option(std::string_view option) noexcept {
  // Two of the three options are also field names, which are told apart quickly.
  switch (http::identify_field(option)) {
    case http::field_id::keep_alive:
      lists_keep_alive_ = true;
      break;
    case http::field_id::upgrade:
      lists_upgrade_ = true;
      break;
    default:
      lists_close_ = lists_close_ || base::equal_ignoring_case(option, "close");
      break;
  }
}

}  // namespace cardea::proxy::http1
