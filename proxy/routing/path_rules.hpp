#pragma once

#include "config/sections/path_rule.hpp"
#include "proxy/http/path.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cardea::proxy::routing {

/// The rule that holds for a request. Views of the path that was looked for.
struct path_match {
  const config::path_rule* rule = nullptr;  ///< null: none
  std::size_t number = 0;                   ///< of the rule
  std::array<std::string_view, config::path_rule::parameters_max> values{};
  std::string_view rest = {};  ///< what follows the segments: empty, or from a slash on

  [[nodiscard]] std::span<const std::string_view> parameters() const noexcept { return {values.data(), rule->parameters.size()}; }
};

/// The rules of a route as a tree of segments; immutable. A look-up allocates nothing.
///
/// The most specific rule holds, segment by segment from the left: literal text before a parameter, that before a
/// prefix that ends earlier. Of rules for the same paths the one that names the method. Where the most specific rule does
/// not take the method, the next one is asked.
class path_rules {
 public:
  path_rules() = default;
  explicit path_rules(config::path_section from);

  /// Whether the path has to be brought into its normal form, which is what goes on.
  [[nodiscard]] bool reads_paths() const noexcept {
    return !section_.rules.empty() || section_.normalise || section_.reject.any() || !section_.merge_slashes;
  }
  [[nodiscard]] std::span<const config::path_rule> rules() const noexcept { return section_.rules; }
  /// Why a request for that path is refused, as static text; empty when it is not. `out` gets the normal form.
  [[nodiscard]] std::string_view normalise(std::string_view path, std::string& out) const;
  /// REQUIRES: `path` is in normal form and outlives the match.
  [[nodiscard]] path_match find(std::string_view method, std::string_view path) const noexcept;

 private:
  struct node {
    std::vector<std::pair<std::string, std::uint32_t>> literals;  ///< sorted
    std::uint32_t parameter = none;
    std::vector<std::uint32_t> ends;   ///< rules that end here
    std::vector<std::uint32_t> mores;  ///< rules that go on with anything
    std::vector<std::uint32_t> rests;  ///< rules that end here or go on
  };
  static constexpr std::uint32_t none = 0;  ///< the root is nobody's child

  void insert(std::uint32_t number);
  [[nodiscard]] std::uint32_t child_for(std::uint32_t parent, const config::path_segment& segment);
  [[nodiscard]] bool descend(const node& at, std::string_view rest, std::size_t depth, std::string_view method,
                             path_match& out) const noexcept;
  [[nodiscard]] bool choose(const std::vector<std::uint32_t>& numbers, std::string_view rest, std::string_view method,
                            path_match& out) const noexcept;

  config::path_section section_;
  std::vector<node> nodes_;
};

}  // namespace cardea::proxy::routing
