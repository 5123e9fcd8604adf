#pragma once

#include "base/error.hpp"
#include "config/sections/access_log.hpp"
#include "proxy/net/socket.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace cardea::proxy::access_log {

/// Replaces a file by its newest lines, a piece at a time, while the owner goes on appending to it.
class tail_copy {
 public:
  /// Nothing when the file keeps what it has.
  [[nodiscard]] static base::result<std::optional<tail_copy>> begin(const std::string& path,
                                                                    const config::log_retention& keep);
  tail_copy(tail_copy&&) noexcept = default;
  tail_copy& operator=(tail_copy&&) noexcept = default;
  ~tail_copy();

  /// Copies a piece; true when everything that the file holds is copied.
  [[nodiscard]] base::result<bool> step();
  /// Puts the copy in the file's place, durably; it is open for appending.
  /// REQUIRES: `step` said that all is copied, and nothing was appended since.
  [[nodiscard]] base::result<net::file_descriptor> finish();

 private:
  tail_copy(std::string path, std::string copy_path, net::file_descriptor from, net::file_descriptor to,
            std::uint64_t at) noexcept;

  std::string path_;
  std::string copy_path_;  ///< empty once it is in its place
  net::file_descriptor from_;
  net::file_descriptor to_;
  std::uint64_t at_;
};

}  // namespace cardea::proxy::access_log
