#include "base/file_calls.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace cardea::base {

int file_calls::open(const std::string& path, int flags, unsigned mode) {
  return ::open(path.c_str(), flags | O_CLOEXEC, mode);
}
long file_calls::write(int descriptor, const char* data, std::size_t size) {
  return ::write(descriptor, data, size);
}
int file_calls::change_mode(int descriptor, unsigned mode) { return ::fchmod(descriptor, mode); }
int file_calls::sync(int descriptor) { return ::fsync(descriptor); }
int file_calls::rename(const std::string& from, const std::string& to) {
  return ::rename(from.c_str(), to.c_str());
}
int file_calls::remove(const std::string& path) { return ::unlink(path.c_str()); }
int file_calls::make_directory(const std::string& path, unsigned mode) { return ::mkdir(path.c_str(), mode); }

file_calls& system_file_calls() noexcept {
  static file_calls instance;
  return instance;
}

}  // namespace cardea::base
