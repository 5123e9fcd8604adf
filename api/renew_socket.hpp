#pragma once

#include "api/session_context.hpp"
#include "base/async.hpp"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

namespace cardea::api {

/// The WebSocket of /api/v1/cert/renew: accepts the upgrade, joins the renewal
/// and sends what the outbox gives until it ends. A text `ping` gets `pong`;
/// anything else a client says is ignored.
[[nodiscard]] base::awaitable<void> serve_renewal(
    base::tcp_socket socket, boost::beast::http::request<boost::beast::http::string_body> request,
    session_context& shared);

}  // namespace cardea::api
