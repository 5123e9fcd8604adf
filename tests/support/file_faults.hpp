#pragma once

#include "base/file_calls.hpp"

#include <cerrno>
#include <limits>

namespace cardea::test_support {

/// The system's files, but no call after the first `calls_max` happens, as if
/// the process had been killed there (with `cause` as the answer). The write
/// that is cut off leaves half of its bytes behind.
class file_faults : public base::file_calls {
 public:
  explicit file_faults(std::size_t calls_max = std::numeric_limits<std::size_t>::max(), int cause = ENOSPC)
      : calls_max_(calls_max), cause_(cause) {}

  void allow(std::size_t calls_max) {
    calls_max_ = calls_max;
    count_ = 0;
  }
  void allow_all() { allow(std::numeric_limits<std::size_t>::max()); }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  int open(const std::string& path, int flags, unsigned mode) override {
    return refused() ? -1 : file_calls::open(path, flags, mode);
  }
  long write(int descriptor, const char* data, std::size_t size) override {
    if (!refused()) return file_calls::write(descriptor, data, size);
    if (count_ == calls_max_ + 1) {
      (void)file_calls::write(descriptor, data, size / 2);
      errno = cause_;
    }
    return -1;
  }
  int change_mode(int descriptor, unsigned mode) override {
    return refused() ? -1 : file_calls::change_mode(descriptor, mode);
  }
  int sync(int descriptor) override { return refused() ? -1 : sync_after_all(descriptor); }
  int rename(const std::string& from, const std::string& to) override {
    return refused() ? -1 : file_calls::rename(from, to);
  }
  int remove(const std::string& path) override { return refused() ? -1 : file_calls::remove(path); }
  int make_directory(const std::string& path, unsigned mode) override {
    return refused() ? -1 : file_calls::make_directory(path, mode);
  }

 private:
  bool refused() {
    if (count_++ < calls_max_) return false;
    errno = cause_;
    return true;
  }
  // Waiting for the disk tells a test nothing and takes most of its time.
  static int sync_after_all(int) { return 0; }

  std::size_t calls_max_;
  int cause_;
  std::size_t count_ = 0;
};

}  // namespace cardea::test_support
