#pragma once

#include "base/error.hpp"
#include "base/log.hpp"
#include "config/sections/access_log.hpp"
#include "proxy/access_log/destination.hpp"
#include "proxy/access_log/tail_copy.hpp"
#include "proxy/net/socket.hpp"

#include <sys/stat.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace cardea::proxy::access_log {

/// How long a file's lines are kept, and how often that is looked at.
struct keeping {
  config::log_retention retention;
  std::chrono::milliseconds rotate_interval;

  friend bool operator==(const keeping&, const keeping&) = default;
};

/// A file that lines are appended to.
///
/// Somebody else may rename, remove or truncate it (logrotate): what comes then goes to a new file at the path. Kept by
/// age, it is renamed to an archive once in an interval, and archives that are too old are removed; kept by lines or
/// bytes, its newest part replaces it, at the interval or when it has become twice as long. Either way a reader sees
/// the old file or the new one, and no line is in neither.
class log_file final : public destination {
 public:
  /// The folder must exist. The error says what to do.
  [[nodiscard]] static base::result<std::unique_ptr<log_file>> open(const std::string& path, keeping how);

  [[nodiscard]] const std::string& name() const noexcept override { return path_; }
  [[nodiscard]] long write(std::string_view text) noexcept override;
  [[nodiscard]] bool tend(moment now) override;
  void reopen() override;
  [[nodiscard]] std::uint64_t generation() const noexcept override { return generation_; }

  void keep(keeping how);

 private:
  log_file(std::string path, keeping how) : log_("access_log"), path_(std::move(path)), how_(how) {}
  [[nodiscard]] bool open_again();
  void use(net::file_descriptor file, const struct stat& what);
  [[nodiscard]] bool is_elsewhere() const noexcept;
  [[nodiscard]] bool is_long() const noexcept;
  void archive();
  void begin_trim();
  [[nodiscard]] bool go_on_trimming();

  base::logger log_;
  std::string path_;
  keeping how_;
  net::file_descriptor file_;
  dev_t device_ = 0;
  ino_t number_ = 0;
  bool is_regular_ = false;
  std::uint64_t generation_ = 0;
  std::uint64_t bytes_ = 0;          ///< of the file, as far as we know
  std::uint64_t lines_written_ = 0;  ///< since it was opened or cut
  std::optional<moment> rotate_at_;
  std::optional<tail_copy> trimming_;
  bool is_lost_ = false;  ///< the path could not be opened again; told once
};

}  // namespace cardea::proxy::access_log
