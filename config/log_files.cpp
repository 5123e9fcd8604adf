#include "config/log_files.hpp"

#include <filesystem>
#include <map>

namespace cardea::config {

void find_log_conflicts(std::span<const access_log_section* const> sections,
                        const std::function<void(std::size_t, std::string)>& fail) {
  std::map<std::string, const access_log_section*> first;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const access_log_section* const one = sections[i];
    if (one == nullptr || one->path.empty()) continue;
    const std::string path = std::filesystem::absolute(one->path).lexically_normal().string();
    const auto [known, is_new] = first.try_emplace(path, one);
    if (is_new) continue;
    const access_log_section& other = *known->second;
    if (other.retention != one->retention || other.rotate_interval != one->rotate_interval)
      fail(i, std::filesystem::path(one->path).lexically_normal().string() +
                  " is another access log's file, with another retention or rotate_interval; write the same for both");
  }
}

}  // namespace cardea::config
