#include "app/program.hpp"

#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace cardea::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* own_image = "/proc/self/exe";

bool is_own_image(const fs::path& path) {
  std::error_code failure;
  return fs::equivalent(path, own_image, failure) && !failure;
}

// As a shell finds it.
fs::path search(const std::string& name) {
  const char* const found = std::getenv("PATH");
  std::string_view rest = found != nullptr ? found : "";
  while (!rest.empty()) {
    const auto end = rest.find(':');
    const std::string_view folder = rest.substr(0, end);
    fs::path candidate = fs::path(folder.empty() ? "." : folder) / name;
    if (is_own_image(candidate)) return candidate;
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return {};
}

}  // namespace

program program::of(int argc, char** argv) {
  program out;
  for (int i = 0; i < argc; ++i) out.arguments.emplace_back(argv[i]);
  const std::string called = argc > 0 ? argv[0] : "";
  fs::path path = called.find('/') != std::string::npos ? fs::path(called) : search(called);
  std::error_code failure;
  if (!is_own_image(path)) path = fs::read_symlink(own_image, failure);
  out.path = fs::absolute(path, failure).lexically_normal().string();
  return out;
}

}  // namespace cardea::app
