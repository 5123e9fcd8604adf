#include "proxy/routing/path_rules.hpp"

#include <algorithm>

namespace cardea::proxy::routing {
namespace {

using config::path_ending;
using config::path_rule;

bool takes(const path_rule& rule, std::string_view method) noexcept {
  if (rule.methods.empty()) return true;
  // What answers GET answers HEAD (RFC 9110 section 9.3.2).
  return std::any_of(rule.methods.begin(), rule.methods.end(), [method](const std::string& each) {
    return each == method || (method == "HEAD" && each == "GET");
  });
}

std::string_view why_malformed(http::path_error error) noexcept {
  switch (error) {
    case http::path_error::none: return {};
    case http::path_error::not_absolute: return "the path does not begin with a slash";
    case http::path_error::malformed_escape: return "a malformed escape in the path";
    case http::path_error::nul: return "a NUL in the path";
    case http::path_error::backslash: return "a backslash in the path";
    case http::path_error::dot_parameter: return "a dot segment with a parameter";
    case http::path_error::forbidden_byte: return "a forbidden byte in the path";
    case http::path_error::too_long: return "the path is too long";
  }
  return "a path that cannot be read";
}

bool has(std::string_view path, std::string_view what) noexcept { return path.find(what) != std::string_view::npos; }

bool is_rejected(const config::path_characters& reject, std::string_view path) noexcept {
  if (!reject.any()) return false;
  return (reject.slash && has(path, "%2F")) || (reject.backslash && has(path, "%5C")) ||
         (reject.semicolon && (has(path, "%3B") || has(path, ";"))) || (reject.percent && has(path, "%25")) ||
         (reject.question_mark && has(path, "%3F")) || (reject.hash && has(path, "%23"));
}

}  // namespace

path_rules::path_rules(config::path_section from) : section_(std::move(from)) {
  if (section_.rules.empty()) return;
  nodes_.emplace_back();
  for (std::uint32_t i = 0; i < section_.rules.size(); ++i) insert(i);
}

std::uint32_t path_rules::child_for(std::uint32_t parent, const config::path_segment& segment) {
  const auto next = static_cast<std::uint32_t>(nodes_.size());
  if (segment.is_parameter) {
    if (nodes_[parent].parameter != none) return nodes_[parent].parameter;
    nodes_[parent].parameter = next;
  } else {
    auto& literals = nodes_[parent].literals;
    const auto at = std::lower_bound(literals.begin(), literals.end(), segment.text,
                                     [](const auto& each, const std::string& text) { return each.first < text; });
    if (at != literals.end() && at->first == segment.text) return at->second;
    literals.insert(at, {segment.text, next});
  }
  nodes_.emplace_back();
  return next;
}

void path_rules::insert(std::uint32_t number) {
  const path_rule& rule = section_.rules[number];
  std::uint32_t at = 0;
  for (const config::path_segment& segment : rule.segments) at = child_for(at, segment);
  node& end = nodes_[at];
  std::vector<std::uint32_t>& list = rule.ending == path_ending::nothing ? end.ends
                                     : rule.ending == path_ending::more  ? end.mores
                                                                         : end.rests;
  // Who names methods comes first.
  const auto behind = rule.methods.empty() ? list.end() : std::find_if(list.begin(), list.end(), [this](std::uint32_t each) {
    return section_.rules[each].methods.empty();
  });
  list.insert(behind, number);
}

std::string_view path_rules::normalise(std::string_view path, std::string& out) const {
  out.resize(std::max<std::size_t>(path.size(), 1));
  const http::normalised_path made = http::normalise_path(path, {section_.merge_slashes}, out);
  if (made.error != http::path_error::none) return why_malformed(made.error);
  out.resize(made.path.size());
  if (is_rejected(section_.reject, out)) return "a character in the path that the route rejects";
  return {};
}

path_match path_rules::find(std::string_view method, std::string_view path) const noexcept {
  path_match out;
  if (!nodes_.empty() && path.starts_with('/')) static_cast<void>(descend(nodes_.front(), path, 0, method, out));
  return out;
}

// A node is met at most once: its depth says which segment it stands for.
bool path_rules::descend(const node& at, std::string_view rest, std::size_t depth, std::string_view method,
                         path_match& out) const noexcept {
  if (rest.empty()) return choose(at.ends, rest, method, out) || choose(at.rests, rest, method, out);
  const auto end = std::min(rest.find('/', 1), rest.size());
  const std::string_view segment = rest.substr(1, end - 1);
  const auto literal = std::lower_bound(at.literals.begin(), at.literals.end(), segment,
                                        [](const auto& each, std::string_view text) { return each.first < text; });
  if (literal != at.literals.end() && literal->first == segment &&
      descend(nodes_[literal->second], rest.substr(end), depth, method, out))
    return true;
  if (at.parameter != none && !segment.empty()) {
    if (depth < out.values.size()) out.values[depth] = segment;
    if (descend(nodes_[at.parameter], rest.substr(end), depth + 1, method, out)) return true;
  }
  return choose(at.mores, rest, method, out) || choose(at.rests, rest, method, out);
}

bool path_rules::choose(const std::vector<std::uint32_t>& numbers, std::string_view rest, std::string_view method,
                        path_match& out) const noexcept {
  for (const std::uint32_t number : numbers) {
    const path_rule& rule = section_.rules[number];
    if (!takes(rule, method)) continue;
    out.rule = &rule;
    out.number = number;
    out.rest = rest;
    if (rule.has_rest_parameter) out.values[rule.parameters.size() - 1] = rest.substr(std::min<std::size_t>(1, rest.size()));
    return true;
  }
  return false;
}

}  // namespace cardea::proxy::routing
