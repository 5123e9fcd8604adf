#include "proxy/access_log/archives.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

namespace cardea::proxy::access_log {
namespace {

constexpr unsigned archives_a_second_max = 1'000;
constexpr std::string_view pattern = "dddddddd-dddddd";

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

int number(std::string_view digits) noexcept {
  int out = 0;
  for (const char c : digits) out = out * 10 + (c - '0');
  return out;
}

}  // namespace

std::string archive_name(const std::string& path, wall_seconds at, unsigned number) {
  const time_t seconds = at.time_since_epoch().count();
  tm utc{};
  gmtime_r(&seconds, &utc);
  std::string out = fmt::format("{}.{:04}{:02}{:02}-{:02}{:02}{:02}", path, utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                                utc.tm_hour, utc.tm_min, utc.tm_sec);
  if (number > 1) out += fmt::format("-{}", number);
  return out;
}

std::optional<wall_seconds> archived_at(std::string_view base, std::string_view name) {
  if (!name.starts_with(base)) return std::nullopt;
  name.remove_prefix(base.size());
  if (!name.starts_with('.')) return std::nullopt;
  name.remove_prefix(1);
  if (name.size() < pattern.size()) return std::nullopt;
  for (std::size_t i = 0; i < pattern.size(); ++i)
    if (pattern[i] == 'd' ? !is_digit(name[i]) : name[i] != pattern[i]) return std::nullopt;
  const std::string_view rest = name.substr(pattern.size());
  if (!rest.empty() && (rest.front() != '-' || rest.size() < 2 || !std::all_of(rest.begin() + 1, rest.end(), is_digit)))
    return std::nullopt;
  tm utc{};
  utc.tm_year = number(name.substr(0, 4)) - 1900;
  utc.tm_mon = number(name.substr(4, 2)) - 1;
  utc.tm_mday = number(name.substr(6, 2));
  utc.tm_hour = number(name.substr(9, 2));
  utc.tm_min = number(name.substr(11, 2));
  utc.tm_sec = number(name.substr(13, 2));
  return wall_seconds(std::chrono::seconds(timegm(&utc)));
}

std::string rename_to_archive(const std::string& path, wall_seconds now) {
  for (unsigned i = 1; i <= archives_a_second_max; ++i) {
    std::string name = archive_name(path, now, i);
    if (renameat2(AT_FDCWD, path.c_str(), AT_FDCWD, name.c_str(), RENAME_NOREPLACE) == 0) return name;
    if (errno != EEXIST) return {};
  }
  return {};
}

std::size_t remove_archives(const std::string& path, wall_seconds oldest) {
  namespace fs = std::filesystem;
  const fs::path whole(path);
  const fs::path folder = whole.has_parent_path() ? whole.parent_path() : fs::path(".");
  const std::string base = whole.filename().string();
  std::error_code failure;
  std::size_t left = 0;
  for (fs::directory_iterator each(folder, failure); !failure && each != fs::directory_iterator(); each.increment(failure)) {
    const auto at = archived_at(base, each->path().filename().string());
    if (!at || *at >= oldest) continue;
    std::error_code refused;
    if (!fs::remove(each->path(), refused) && refused) ++left;
  }
  return failure ? left + 1 : left;
}

}  // namespace cardea::proxy::access_log
