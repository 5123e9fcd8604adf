#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>

/// The asynchronous vocabulary of the control plane (autocert, DNS, API,
/// configuration watching). The data plane has its own loop: proxy/net/event_loop.
///
/// Executors are concrete throughout: any_io_executor costs a type erasure
/// for each operation.
namespace cardea::base {

namespace asio = boost::asio;

using executor = asio::io_context::executor_type;

template <class T>
using awaitable = asio::awaitable<T, executor>;

inline constexpr asio::use_awaitable_t<executor> use_awaitable{};

/// For `auto [ec, n] = co_await op(..., as_result);`: failures are values.
inline constexpr asio::as_tuple_t<asio::use_awaitable_t<executor>> as_result{};

using tcp_socket = asio::basic_stream_socket<asio::ip::tcp, executor>;
using tcp_acceptor = asio::basic_socket_acceptor<asio::ip::tcp, executor>;
using tcp_resolver = asio::ip::basic_resolver<asio::ip::tcp, executor>;
using udp_socket = asio::basic_datagram_socket<asio::ip::udp, executor>;
using steady_timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                                asio::wait_traits<std::chrono::steady_clock>, executor>;

/// Suspends the calling coroutine for `duration`; returns early, without an error, when cancelled.
inline awaitable<void> sleep_for(std::chrono::steady_clock::duration duration) {
  const executor where = co_await asio::this_coro::executor;
  steady_timer timer(where, duration);
  co_await timer.async_wait(as_result);
}

}  // namespace cardea::base
