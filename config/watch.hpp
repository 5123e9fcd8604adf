#pragma once

#include "base/async.hpp"
#include "base/error.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cardea::config {

struct watch_options {
  std::chrono::milliseconds debounce{500};        ///< quiet time after the last change
  std::chrono::milliseconds debounce_max{5'000};  ///< a file that never comes to rest is reported after this
  std::chrono::milliseconds retry{2'000};         ///< how often a folder that is missing is looked for
};

/// Tells when one of some files changed: written, replaced by rename, created
/// or deleted, also behind symbolic links.
///
/// It watches folders, because editors replace files. A file counts as written
/// when its writer closes it.
///
/// All members are called on the thread of the executor. The owner spawns
/// `run`, calls `stop` and joins what it spawned before it destroys the
/// watch: `on_change` is not called after `stop` returned, and nothing of the
/// watch runs after `run` ended.
class watch {
 public:
  /// Errors: the system's code when it has no inotify instance left.
  [[nodiscard]] static base::result<std::unique_ptr<watch>> create(base::executor where,
                                                                   watch_options options,
                                                                   std::function<void()> on_change);
  ~watch();
  watch(const watch&) = delete;
  watch& operator=(const watch&) = delete;

  /// Replaces the files that are watched, and the folders of which every file
  /// is; may be called from `on_change`. What is missing is waited for. What is
  /// below one of `whole_folders` is not watched unless it is named itself.
  void set_files(std::vector<std::string> files, std::vector<std::string> whole_folders = {});

  /// Ends after `stop`. REQUIRES: called once; the watch outlives it.
  [[nodiscard]] base::awaitable<void> run();
  void stop();

 private:
  class folders;
  watch(base::executor where, watch_options options, std::function<void()> on_change,
        std::unique_ptr<folders> set);

  [[nodiscard]] base::awaitable<void> wait_for_change();
  [[nodiscard]] base::awaitable<void> wait_for_rest();
  [[nodiscard]] base::awaitable<void> pause(std::chrono::milliseconds duration);

  watch_options options_;
  std::function<void()> on_change_;
  std::unique_ptr<folders> folders_;
  base::steady_timer timer_;
  bool stopped_ = false;
};

}  // namespace cardea::config
