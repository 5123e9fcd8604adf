#pragma once

#include "config/sections/text_template.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cardea::config {

/// One part of a path between slashes: literal text in its normalised form, or a parameter.
struct path_segment {
  std::string text;  ///< of a parameter: its name
  bool is_parameter = false;

  friend bool operator==(const path_segment&, const path_segment&) = default;
};

/// What may follow the segments.
enum class path_ending : std::uint8_t {
  nothing,  ///< the path ends here
  rest,     ///< nothing, or a slash and anything
  more,     ///< a slash and anything
};

enum class path_action : std::uint8_t {
  pass,      ///< to the backend, maybe as another path
  redirect,  ///< `status` and `location`
  answer,    ///< `status` and a page of our own
};

/// What is done with the requests for some paths of a route.
struct path_rule {
  static constexpr std::size_t segments_max = 64;
  static constexpr std::size_t parameters_max = 16;

  std::vector<path_segment> segments;
  path_ending ending = path_ending::nothing;
  std::vector<std::string> methods;     ///< empty: all; GET is HEAD too
  std::vector<std::string> parameters;  ///< names in order; that of a final `{rest...}` is the last
  bool has_rest_parameter = false;      ///< the last parameter is what follows the segments, without its slash

  path_action action = path_action::pass;
  std::uint16_t status = 0;
  text_template location;
  std::string route;  ///< what answers instead of the route itself; empty: that
  std::string strip;  ///< what the path loses at its begin; no slash at the end
  std::optional<text_template> rewrite;
  std::string written;  ///< for the log: "prefix /api"

  friend bool operator==(const path_rule&, const path_rule&) = default;
};

/// Characters of a path, raw or escaped, with which a route refuses a request.
struct path_characters {
  bool slash = false;
  bool backslash = false;
  bool semicolon = false;  ///< raw, too
  bool percent = false;
  bool question_mark = false;
  bool hash = false;

  [[nodiscard]] bool any() const noexcept {
    return slash || backslash || semicolon || percent || question_mark || hash;
  }
  friend bool operator==(const path_characters&, const path_characters&) = default;
};

/// How a route reads paths. With rules, or when one of the others is not the default, the backend gets the path in
/// the form that was looked at.
struct path_section {
  static constexpr std::size_t rules_max = 1'000;

  std::vector<path_rule> rules;
  bool merge_slashes = true;
  path_characters reject;
  bool normalise = false;  ///< also without a rule

  friend bool operator==(const path_section&, const path_section&) = default;
};

}  // namespace cardea::config
