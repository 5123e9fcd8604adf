#pragma once

#include "proxy/http/message_head.hpp"

#include <cstdint>
#include <string_view>

namespace cardea::proxy::http {

/// How an error of ours is said to a client.
enum class error_form : std::uint8_t {
  page,     ///< text/html
  problem,  ///< application/problem+json (RFC 9457)
  text,     ///< one line
};

/// What the request's Accept fields like best (RFC 9110 section 12.5.1). A problem when they like JSON better than HTML, or
/// as much and name it more exactly; a page when they like HTML, or there are none; text when they want neither, and for
/// who asks for an upgrade, whose programs read no pages.
[[nodiscard]] error_form choose_error_form(const request_head& head, const char* bytes) noexcept;

}  // namespace cardea::proxy::http
