#include "config/sections/path_rule.hpp"
#include "config/sections/path_text.hpp"
#include "proxy/http/path.hpp"
#include "proxy/routing/path_rules.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

// What a rule matched is what goes on: the normal form of a path is its own normal form, the same rule matches it again,
// its parts are parts of it, and a slow comparison of each rule with each segment finds that rule as well.
namespace {

namespace config = cardea::config;
namespace routing = cardea::proxy::routing;

void require(bool holds) {
  if (!holds) std::abort();
}

config::path_rule rule_of(std::string_view path, config::path_ending ending) {
  config::path_rule out;
  out.ending = ending;
  out.written = path;
  for (const std::string_view each : config::segments_of(path)) {
    const bool is_parameter = each.starts_with('{');
    out.segments.push_back({std::string(each), is_parameter});
    if (is_parameter) out.parameters.emplace_back(each);
  }
  return out;
}

const config::path_section& section() {
  static const config::path_section made = [] {
    using config::path_ending;
    config::path_section out;
    for (const std::string_view path : {"/admin", "/a", "/a/b", "/{x}", "/{x}/b", "/a/{y}", "/{x}/{y}/c"})
      for (const path_ending ending : {path_ending::nothing, path_ending::rest, path_ending::more})
        out.rules.push_back(rule_of(path, ending));
    return out;
  }();
  return made;
}

bool slowly_matches(const config::path_rule& rule, std::string_view path) {
  const auto segments = config::segments_of(path);
  if (segments.size() < rule.segments.size()) return false;
  for (std::size_t i = 0; i < rule.segments.size(); ++i)
    if (rule.segments[i].is_parameter ? segments[i].empty() : segments[i] != rule.segments[i].text) return false;
  const bool is_longer = segments.size() > rule.segments.size();
  switch (rule.ending) {
    case config::path_ending::nothing: return !is_longer;
    case config::path_ending::more: return is_longer;
    case config::path_ending::rest: return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  config::path_section with = section();
  with.merge_slashes = (data[0] & 1) != 0;
  with.reject.slash = (data[0] & 2) != 0;
  with.reject.semicolon = (data[0] & 4) != 0;
  const routing::path_rules rules(with);
  const std::string_view path{reinterpret_cast<const char*>(data) + 1, size - 1};
  if (path.find('?') != std::string_view::npos) return 0;
  std::string normal;
  if (!rules.normalise(path, normal).empty()) return 0;
  std::string again;
  require(rules.normalise(normal, again).empty() && again == normal);
  require(config::why_no_path(normal, with.merge_slashes).empty());
  require(!with.reject.slash || normal.find("%2F") == std::string::npos);
  const routing::path_match found = rules.find("GET", normal);
  bool any = false;
  for (const config::path_rule& each : rules.rules()) any = any || slowly_matches(each, normal);
  require(any == (found.rule != nullptr));
  if (found.rule == nullptr) return 0;
  require(slowly_matches(*found.rule, normal));
  for (const std::string_view value : found.parameters())
    require(value.data() >= normal.data() && value.data() + value.size() <= normal.data() + normal.size());
  require(std::string_view(normal).ends_with(found.rest));
  return 0;
}
