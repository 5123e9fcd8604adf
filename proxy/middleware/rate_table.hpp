#pragma once

#include "base/address.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace cardea::proxy::middleware {

/// How many requests each client may still send: a token bucket for each, in a table of a fixed size that all workers
/// share without a lock.
///
/// A bucket is one number, the time at which it will be full again (the generic cell rate algorithm). One that is full
/// says nothing, so its place is free. When no place is free, the bucket that is full first is forgotten: whoever has
/// more addresses than there are places gains nothing by it that he had not before.
class rate_table {
 public:
  using nanoseconds = std::chrono::nanoseconds;

  /// `clients_max` is rounded up to a power of two, at least 8. REQUIRES: average and burst are at least 1.
  rate_table(std::size_t average, std::size_t burst, nanoseconds period, std::size_t clients_max);

  /// Zero when the request may pass; else how long its client has to wait. `now` is of a steady clock. Any thread.
  [[nodiscard]] nanoseconds take(std::uint64_t client, nanoseconds now) noexcept;

  /// One client: an IPv4 address, or the /64 of an IPv6 one. Equal clients are equal, others differ.
  [[nodiscard]] static std::uint64_t client_of(const base::address& from) noexcept;

  [[nodiscard]] std::size_t places() const noexcept { return mask_ + 1; }

 private:
  struct place {
    std::atomic<std::uint64_t> client{0};
    std::atomic<std::int64_t> full_at{0};
  };
  [[nodiscard]] place& place_of(std::uint64_t client, std::int64_t now) noexcept;

  std::size_t mask_;
  std::int64_t each_;      ///< what one request costs, in time
  std::int64_t patience_;  ///< how far ahead of now a bucket may be
  std::uint64_t seed_;
  std::unique_ptr<place[]> places_;
};

}  // namespace cardea::proxy::middleware
