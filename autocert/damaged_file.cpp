#include "autocert/damaged_file.hpp"

#include "base/atomic_file.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <vector>

namespace cardea::autocert {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t hash_digits = 8;
constexpr std::string_view infix = ".damaged-";

bool is_copy(const std::string& name, const std::string& prefix) {
  if (name.size() != prefix.size() + hash_digits || !name.starts_with(prefix)) return false;
  return std::all_of(name.begin() + static_cast<std::ptrdiff_t>(prefix.size()), name.end(),
                     [](unsigned char c) { return std::isxdigit(c) != 0; });
}

std::vector<fs::path> copies_of(const std::string& path) {
  const std::string prefix = fs::path(path).filename().string() + std::string(infix);
  std::vector<std::pair<fs::file_time_type, fs::path>> found;
  std::error_code failed;
  for (fs::directory_iterator entry(base::directory_of(path), failed), end; !failed && entry != end;
       entry.increment(failed)) {
    std::error_code gone;
    const auto written = fs::last_write_time(entry->path(), gone);
    if (!gone && is_copy(entry->path().filename().string(), prefix)) found.emplace_back(written, entry->path());
  }
  std::sort(found.begin(), found.end());
  std::vector<fs::path> out;
  for (auto& [written, copy] : found) out.push_back(std::move(copy));
  return out;
}

}  // namespace

std::vector<std::string> damaged_copies_of(const std::string& path) {
  std::vector<std::string> out;
  for (const fs::path& each : copies_of(path)) out.push_back(each.string());
  return out;
}

void set_aside(const std::string& path, std::string_view bytes, unsigned mode, const base::logger& log,
               base::file_calls& calls) {
  if (bytes.empty()) return;
  const std::string hash = base::hex(base::sha256(bytes)).substr(0, hash_digits);
  const std::string copy = fmt::format("{}{}{}", path, infix, hash);
  std::vector<fs::path> others = copies_of(path);
  std::erase(others, fs::path(base::directory_of(path)) / fs::path(copy).filename());
  for (std::size_t i = 0; i + damaged_copies_max <= others.size(); ++i) {
    if (const auto removed = base::remove_file(others[i].string(), calls); !removed)
      log.warn("an old copy of a damaged file could not be removed", {{"error", removed.error().message()}});
  }
  if (const auto kept = base::write_file_atomically(copy, bytes, mode, calls); !kept) {
    log.warn("a damaged file could not be kept", {{"path", path}, {"error", kept.error().message()}});
    return;
  }
  log.warn("a damaged file was kept aside", {{"path", path}, {"copy", copy}});
}

}  // namespace cardea::autocert
