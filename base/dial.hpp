#pragma once

#include "base/async.hpp"
#include "base/error.hpp"

#include <chrono>
#include <string>
#include <vector>

/// Outgoing TCP connections of the control plane.
namespace cardea::base {

using deadline = std::chrono::steady_clock::time_point;
using endpoints = std::vector<asio::ip::tcp::endpoint>;

/// The addresses of `host` (a name, or a literal without brackets) in the order to try them.
///
/// errc::timed_out at the deadline even while the system's resolver still
/// blocks: its late answer is dropped. A resolver failure keeps its own code.
[[nodiscard]] awaitable<result<endpoints>> resolve(std::string host, std::string port, deadline until);

/// The first of `candidates` that accepts, tried one after the other.
///
/// Each attempt may use an equal share of the time that is left, so that one
/// address that swallows packets does not use up the whole deadline. The error
/// is the last attempt's and its context lists what became of each address.
[[nodiscard]] awaitable<result<tcp_socket>> connect_first(endpoints candidates, deadline until);

}  // namespace cardea::base
