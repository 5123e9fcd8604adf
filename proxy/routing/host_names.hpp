#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cardea::proxy::routing {

/// Host -> what answers for it, by number; immutable once filled.
class host_names {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  /// A route's name: a label, a whole host name or `*.suffix`, in lower case. The first to claim a
  /// host keeps it.
  void add(const std::string& name, std::size_t index, const std::vector<std::string>& match_domains);

  /// For a host without a port, in any case, maybe with a final dot: exact name, then
  /// `alias.<anything>` when there are no match_domains, then a wildcard of one label.
  [[nodiscard]] std::size_t find(std::string_view host) const noexcept;

 private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  using name_map = std::unordered_map<std::string, std::size_t, text_hash, std::equal_to<>>;

  static std::size_t lookup(const name_map& names, std::string_view name) noexcept;

  name_map exact_;
  name_map first_label_;  ///< only without match_domains
  name_map wildcard_;     ///< by what follows `*.`
};

}  // namespace cardea::proxy::routing
