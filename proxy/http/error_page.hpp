#pragma once

#include "proxy/http/exchange.hpp"
#include "proxy/http/failure.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace cardea::proxy::http {

inline constexpr std::string_view error_page_type = "text/html; charset=utf-8";

/// A small page that says the status, maybe one sentence more, and nothing about what is inside.
[[nodiscard]] std::string error_page(std::uint16_t status, std::string_view sentence = {});

/// Answers with a page of our own and waits until it left. Announces the close
/// of the connection when the request's body is not read: it could be taken for
/// the next request (S36).
[[nodiscard]] net::task<void> respond(exchange& to, std::uint16_t status, std::string_view content_type,
                                      std::string_view body, std::string_view extra_fields = {});

/// The same for an error of ours, in the form that the client likes best: the page, a problem (RFC 9457), or a line of text.
/// `sentence` says more than the status; it and `extra_fields` outlive the task.
[[nodiscard]] net::task<void> respond_error(exchange& to, std::uint16_t status, std::string_view sentence = {},
                                            std::string_view extra_fields = {});

/// The answer to a failure: an error, or an abort when a response has begun. A call of gRPC
/// gets the failure as its own status.
[[nodiscard]] net::task<void> respond(exchange& to, failure cause);

}  // namespace cardea::proxy::http
