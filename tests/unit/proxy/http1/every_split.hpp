#pragma once

#include "proxy/http1/chunked_decoder.hpp"
#include "proxy/http1/request_parser.hpp"
#include "proxy/http1/response_parser.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Runs a message through a parser whole, byte by byte, and cut at every byte boundary,
/// and fails the test when the results differ (S31).
namespace cardea::proxy::http1::testing {

/// What a parser made of a message, as text where the offsets would not compare.
struct outcome {
  parse_status status = parse_status::need_more;
  std::uint16_t refused = 0;  ///< the status for the client; 0 unless failed (502 for responses)
  std::string reason;
  std::string made;  ///< the head, or the body and its trailers
  bool operator==(const outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const outcome& shown);

struct named_bytes {
  const char* name;
  std::string bytes;
};

[[nodiscard]] outcome parse_request(std::string_view bytes, const head_limits& limits = {});
[[nodiscard]] outcome parse_response(std::string_view bytes, bool to_head = false,
                                     const head_limits& limits = {});
[[nodiscard]] outcome decode_chunked(std::string_view bytes, const chunked_limits& limits = {});

/// The head of a request that must be accepted, whose slices point into `bytes`.
struct accepted_request {
  explicit accepted_request(std::string text);
  std::string bytes;
  http::request_head head;
  [[nodiscard]] std::string_view text(http::slice part) const { return part.in(bytes.data()); }
};

struct accepted_response {
  explicit accepted_response(std::string text, bool to_head = false);
  std::string bytes;
  http::response_head head;
};

/// Every one of `messages` is refused with `status`, however it is split.
void expect_requests_refused(std::uint16_t status, const std::vector<named_bytes>& messages);
void expect_requests_accepted(const std::vector<named_bytes>& messages);
void expect_responses_refused(const std::vector<named_bytes>& messages);
void expect_chunked_refused(std::uint16_t status, const std::vector<named_bytes>& bodies);

/// `POST / HTTP/1.1`, Host, then `fields` (each without its CRLF at the end) and a body.
[[nodiscard]] std::string post(std::string_view fields, std::string_view body = "body");
/// `GET / HTTP/1.1`, Host, then `fields`.
[[nodiscard]] std::string get(std::string_view fields);

}  // namespace cardea::proxy::http1::testing
