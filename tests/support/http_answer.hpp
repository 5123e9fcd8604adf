#pragma once

#include "tests/support/byte_stream.hpp"

#include <string>
#include <string_view>

namespace cardea::tests {

/// A response as its bytes came, read by its own framing and nothing cleverer.
struct http_answer {
  int status = 0;         ///< 0: no whole head came
  std::string head;       ///< status line and fields, without the empty line
  std::string body;       ///< without the chunked coding
  std::string trailers;   ///< as received, without the empty line
  bool complete = false;  ///< the framing's end was seen, not merely the connection's

  /// Whether there is the line "Name: value", byte by byte.
  [[nodiscard]] bool has_line(std::string_view line) const;
  /// Whether there is a field of that name, spelt so.
  [[nodiscard]] bool has(std::string_view name) const;
  /// Its value, empty without it.
  [[nodiscard]] std::string value(std::string_view name) const;
};

/// Reads one response, 1xx included. `to_head`: whatever the fields say, no body follows.
[[nodiscard]] http_answer read_answer(byte_stream& from, bool to_head = false);

/// A message as a server or a client reads it: the head, and the body still in its framing.
struct http_message {
  std::string head;  ///< with the empty line
  std::string body;
};

/// Reads one request; `head` is empty when none came.
[[nodiscard]] http_message read_request(byte_stream& from);

}  // namespace cardea::tests
