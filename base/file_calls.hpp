#pragma once

#include <cstddef>
#include <string>

namespace cardea::base {

/// The system calls with which files are written.
///
/// The default implementations are the system's, with its return values and
/// errno. Tests derive from it to fail or to stop at any chosen call.
class file_calls {
 public:
  file_calls() = default;
  file_calls(const file_calls&) = delete;
  file_calls& operator=(const file_calls&) = delete;
  virtual ~file_calls() = default;

  virtual int open(const std::string& path, int flags, unsigned mode);
  virtual long write(int descriptor, const char* data, std::size_t size);
  virtual int change_mode(int descriptor, unsigned mode);
  virtual int sync(int descriptor);
  virtual int rename(const std::string& from, const std::string& to);
  virtual int remove(const std::string& path);
  virtual int make_directory(const std::string& path, unsigned mode);
};

/// The real ones.
[[nodiscard]] file_calls& system_file_calls() noexcept;

}  // namespace cardea::base
