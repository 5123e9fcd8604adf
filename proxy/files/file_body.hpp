#pragma once

#include "proxy/files/byte_ranges.hpp"
#include "proxy/http/exchange.hpp"
#include "proxy/net/buffer_pool.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cardea::proxy::files {

/// What sending files needs of its worker. The pool outlives every exchange.
struct transfer_settings {
  net::buffer_pool& buffers;
  base::tick_ms progress_timeout;  ///< the longest time in which a client takes nothing
};

/// Hands bytes to a client as it takes them, a bounded amount in each turn of the loop.
///
/// The clock runs from the last byte that was taken: a client that only talks does not push it out.
class file_body {
 public:
  file_body(http::exchange& to, const transfer_settings& settings) noexcept;

  /// False when the client is gone or stopped taking. `data` outlives the task.
  [[nodiscard]] net::task<bool> send(std::string_view data);
  /// Bytes of the file. False also when they are not there any more: what was announced cannot be kept.
  [[nodiscard]] net::task<bool> send_file(int fd, byte_range range);
  /// Waits until all of it left.
  [[nodiscard]] net::task<bool> finish();

 private:
  /// How much came to be in the buffer; 0 at the end of the file, negative for an error.
  [[nodiscard]] net::task<long> read(int fd, byte_range rest);
  [[nodiscard]] net::task<bool> take_turns();
  /// Waits for room; false when there was none in time.
  [[nodiscard]] net::task<bool> wait_for_room();

  http::exchange& to_;
  const transfer_settings& settings_;
  net::buffer memory_;
  base::tick_ms deadline_;
  int rounds_ = 0;
};

}  // namespace cardea::proxy::files
