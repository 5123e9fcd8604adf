#include "api/renew_socket.hpp"

#include "base/error.hpp"

#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <memory>

namespace cardea::api {
namespace {

namespace asio = base::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

using tcp_stream = beast::basic_stream<asio::ip::tcp, base::executor>;

// What the kernel may hold for a client that does not read; beyond it the outbox counts.
constexpr int send_buffer_bytes = 64 * 1024;

// Shared by the coroutine that reads and the one that writes.
struct client {
  client(base::tcp_socket socket, const limits& maximums)
      : stream(std::move(socket)),
        box(stream.get_executor(), maximums.queue_lines_max, maximums.queue_bytes_max),
        watchdog(stream.get_executor()) {}

  websocket::stream<tcp_stream> stream;
  outbox box;
  base::steady_timer watchdog;
};

using client_ptr = std::shared_ptr<client>;

void configure(client& one, const limits& maximums) {
  websocket::stream_base::timeout timeouts{};
  timeouts.handshake_timeout = maximums.request_timeout;
  timeouts.idle_timeout = maximums.websocket_idle_timeout;
  timeouts.keep_alive_pings = true;
  one.stream.set_option(timeouts);
  one.stream.read_message_max(maximums.message_bytes_max);
  one.stream.text(true);
  base::error_code ignored;
  one.stream.next_layer().socket().set_option(asio::socket_base::send_buffer_size(send_buffer_bytes),
                                              ignored);
}

// Cuts the connection after `grace`: a write that does not move, a close that is not answered.
void cut_after(const client_ptr& one, std::chrono::milliseconds grace) {
  one->watchdog.expires_after(grace);
  one->watchdog.async_wait([weak = std::weak_ptr(one)](base::error_code ec) {
    const auto self = weak.lock();
    if (!ec && self) self->stream.next_layer().close();
  });
}

base::awaitable<void> read_all(client_ptr one) {
  beast::flat_buffer buffer;
  for (;;) {
    auto [ec, size] = co_await one->stream.async_read(buffer, base::as_result);
    if (ec) break;
    if (one->stream.got_text() && beast::buffers_to_string(buffer.data()) == "ping") one->box.push("pong");
    buffer.consume(buffer.size());
  }
  one->box.drop({close_code::going_away, "the client has gone"});
}

base::awaitable<void> write_all(client_ptr one) {
  for (;;) {
    auto text = co_await one->box.next();
    if (!text) co_return;
    const auto bytes = asio::buffer(*text);
    auto [ec, size] = co_await one->stream.async_write(bytes, base::as_result);
    if (ec) co_return;
  }
}

websocket::close_reason closing(const outbox& box) {
  const close_reason why = box.end().value_or(close_reason{close_code::going_away, ""});
  websocket::close_reason out(static_cast<websocket::close_code>(why.code));
  out.reason.assign(why.text.data(), why.text.size());
  return out;
}

}  // namespace

base::awaitable<void> serve_renewal(base::tcp_socket socket,
                                    beast::http::request<beast::http::string_body> request,
                                    session_context& shared) {
  const auto one = std::make_shared<client>(std::move(socket), shared.maximums);
  configure(*one, shared.maximums);
  auto [refused] = co_await one->stream.async_accept(request, base::as_result);
  if (refused) co_return;
  const std::shared_ptr<outbox> box(one, &one->box);
  one->box.on_drop([weak = std::weak_ptr(one), grace = shared.maximums.close_timeout] {
    if (const auto self = weak.lock()) cut_after(self, grace);
  });
  shared.tasks.spawn(read_all(one));
  shared.renewing.join(box);
  if (shared.stopping) box->drop({close_code::going_away, "shutting down"});
  co_await write_all(one);
  shared.renewing.leave(box);

  cut_after(one, shared.maximums.close_timeout);
  const auto reason = closing(*box);
  auto [unclean] = co_await one->stream.async_close(reason, base::as_result);
  one->watchdog.cancel();
  one->stream.next_layer().close();
  shared.log.debug("renewal client left", {{"clean", !unclean}, {"code", reason.code}});
}

}  // namespace cardea::api
