#pragma once

#include "base/async.hpp"
#include "base/error.hpp"

#include <string>

namespace cardea::dnsproviders {

/// Held by one coroutine at a time for each key, over all provider objects of
/// the process: read-merge-write of one zone must not overlap, also when
/// several certificates are renewed at once. Waiters get it in turn. Control
/// thread only; released by the destructor.
class keyed_lock {
 public:
  /// errc::cancelled when the caller was cancelled while it waited.
  [[nodiscard]] static base::awaitable<base::result<keyed_lock>> acquire(std::string key);

  keyed_lock(keyed_lock&& other) noexcept;
  keyed_lock(const keyed_lock&) = delete;
  keyed_lock& operator=(keyed_lock&&) = delete;
  ~keyed_lock();

 private:
  explicit keyed_lock(std::string key) noexcept : key_(std::move(key)) {}
  std::string key_;  ///< empty: moved from
};

}  // namespace cardea::dnsproviders
