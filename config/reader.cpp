#include "config/reader.hpp"

#include "base/text.hpp"
#include "config/scalars.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cardea::config {
namespace {

constexpr std::string_view refusal =
    "known from GoDoxy but not supported by this version of Cardea; remove it";

// Positions within a string would count from its own first line: all nodes get the string's place.
void move_to(node& tree, position at) {
  tree.at = at;
  for (node& item : tree.items) move_to(item, at);
  for (member& one : tree.members) {
    one.key_at = at;
    move_to(one.value, at);
  }
}

std::string readable(std::chrono::milliseconds duration) {
  if (duration > duration.zero() && duration % std::chrono::hours(1) == duration.zero())
    return fmt::format("{}h", duration / std::chrono::hours(1));
  if (duration % std::chrono::seconds(1) == duration.zero())
    return fmt::format("{}s", duration / std::chrono::seconds(1));
  return fmt::format("{}ms", duration.count());
}

}  // namespace

value::value(findings& to, const node& what, place where, bool secret)
    : findings_(&to), node_(&what), where_(std::move(where)), secret_(secret) {}

bool value::is_off() const {
  switch (node_->kind) {
    case node_kind::null:
      return true;
    case node_kind::sequence:
      return node_->items.empty();
    case node_kind::mapping:
      return node_->members.empty();
    case node_kind::scalar:
      break;
  }
  return node_->unresolved || node_->text.empty() || parse_boolean(node_->text) == false;
}

const std::string* value::scalar(std::string_view what) const {
  if (node_->kind == node_kind::scalar) return node_->unresolved ? nullptr : &node_->text;
  if (node_->kind != node_kind::null) expected(what);
  return nullptr;
}

std::optional<std::string> value::text() const {
  const std::string* raw = scalar("a string");
  if (raw == nullptr) return std::nullopt;
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (!secret_ && std::any_of(raw->begin(), raw->end(), is_control)) {
    expected("a string of one line without control characters");
    return std::nullopt;
  }
  return *raw;
}

std::optional<bool> value::boolean() const {
  const std::string* raw = scalar("true or false");
  if (raw == nullptr || raw->empty()) return std::nullopt;
  const auto parsed = parse_boolean(*raw);
  if (!parsed) expected("true or false");
  return parsed;
}

std::optional<std::int64_t> value::integer(std::int64_t low, std::int64_t high) const {
  const std::string what = fmt::format("a whole number from {} to {}", low, high);
  const std::string* raw = scalar(what);
  if (raw == nullptr || raw->empty()) return std::nullopt;
  const auto parsed = parse_integer(*raw);
  if (parsed && *parsed >= low && *parsed <= high) return parsed;
  expected(what);
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> value::duration(std::chrono::milliseconds low,
                                                         std::chrono::milliseconds high) const {
  const std::string what = fmt::format("a duration from {} to {}", readable(low), readable(high));
  const std::string* raw = scalar(what);
  if (raw == nullptr || raw->empty()) return std::nullopt;
  const auto parsed = parse_duration(*raw);
  if (parsed && *parsed >= low && *parsed <= high)
    return std::chrono::duration_cast<std::chrono::milliseconds>(*parsed);
  expected(what, !parsed && parse_integer(*raw)
                     ? fmt::format("a unit is needed, as in {}s", *parse_integer(*raw))
                     : "");
  return std::nullopt;
}

std::optional<std::size_t> value::size(std::size_t low, std::size_t high) const {
  const std::string what = fmt::format("a size from {} to {} bytes", low, high);
  const std::string* raw = scalar(what);
  if (raw == nullptr || raw->empty()) return std::nullopt;
  const auto parsed = parse_size(*raw);
  if (parsed && *parsed >= low && *parsed <= high) return parsed;
  expected(what);
  return std::nullopt;
}

std::optional<std::string> value::listen_address() const {
  constexpr std::string_view what = "an address to listen on (host:port, :port, or \"\" for off)";
  const std::string* raw = scalar(what);
  if (raw == nullptr) return std::nullopt;
  if (raw->empty() || base::equal_ignoring_case(*raw, "off")) return std::string();
  const auto parsed = parse_address(*raw);
  if (parsed) return to_string(*parsed);
  const auto port = parse_integer(*raw);
  expected(what, port && *port >= 0 && *port <= 65'535 ? fmt::format("write \":{}\"", *port) : "");
  return std::nullopt;
}

std::optional<value> value::nested_yaml() const {
  std::vector<issue> issues;
  document nested = parse_document(std::string(where_.file), node_->text, issues);
  if (!issues.empty()) return std::nullopt;
  move_to(nested.root, node_->at);
  return value(*findings_, findings_->keep(std::move(nested.root)), where_, secret_);
}

std::vector<value> value::items() const {
  std::vector<value> out;
  const auto add = [&](const node& item, position at) {
    out.push_back(
        value(*findings_, item, {where_.file, at, fmt::format("{}[{}]", where_.path, out.size())}, secret_));
  };
  const auto is_short = [&](std::size_t count) {
    if (count > list_items_max)
      fail(errc::limit_exceeded, fmt::format("more than {} elements", list_items_max));
    return count <= list_items_max;
  };
  if (node_->kind == node_kind::sequence) {
    if (!is_short(node_->items.size())) return out;
    for (const node& item : node_->items) add(item, item.at);
    return out;
  }
  const std::string* raw = scalar("a list");
  if (raw == nullptr || base::trim(*raw).empty()) return out;
  if (raw->find('\n') != std::string::npos || raw->front() == '-' || raw->front() == '[') {
    const auto nested = nested_yaml();
    if (nested && nested->tree().kind == node_kind::sequence) return nested->items();
    expected("a list");
    return out;
  }
  if (!is_short(1 + static_cast<std::size_t>(std::count(raw->begin(), raw->end(), ',')))) return out;
  std::string_view rest = *raw;
  while (true) {
    const auto comma = rest.find(',');
    node item;
    item.kind = node_kind::scalar;
    item.at = node_->at;
    item.text = base::trim(rest.substr(0, comma));
    item.written = node_->written;
    add(findings_->keep(std::move(item)), node_->at);
    if (comma == std::string_view::npos) return out;
    rest.remove_prefix(comma + 1);
  }
}

std::optional<value> value::as_mapping() const {
  if (node_->kind == node_kind::mapping) return *this;
  const std::string* raw = scalar("a mapping");
  if (raw == nullptr || base::trim(*raw).empty()) return std::nullopt;
  auto nested = nested_yaml();
  if (nested && nested->tree().kind == node_kind::mapping) return nested;
  expected("a mapping");
  return std::nullopt;
}

void value::fail(errc code, std::string text) const {
  findings_->error({code, std::string(where_.file), where_.at, where_.path, std::move(text)});
}

void value::warn(std::string text) const {
  findings_->warn({errc::unsupported, std::string(where_.file), where_.at, where_.path, std::move(text)});
}

void value::expected(std::string_view what, std::string_view hint) const {
  std::string text = fmt::format("expected {}, found {}", what, found());
  // A hint is made from the value, so it tells as much as the value does.
  if (!hint.empty() && !secret_ && node_->written.empty())
    text += hint.starts_with(';') ? std::string(hint) : fmt::format("; {}", hint);
  fail(errc::invalid_value, std::move(text));
}

std::string value::found() const {
  switch (node_->kind) {
    case node_kind::null:
      return "nothing";
    case node_kind::sequence:
      return "a list";
    case node_kind::mapping:
      return "a mapping";
    case node_kind::scalar:
      break;
  }
  if (secret_) return "***";
  // What comes from the environment may be a secret wherever it stands.
  return '"' + printable(node_->written.empty() ? node_->text : node_->written) + '"';
}

mapping::mapping(value of) : of_(std::move(of)) {
  for (const member& one : of_.tree().members) {
    if (one.unresolved) continue;
    const auto [known, is_new] = members_.try_emplace(folded(one.key), &one);
    if (is_new) continue;
    taken_.insert(&one);
    const member& first = *known->second;
    of_.sink().error({errc::duplicate, std::string(of_.where().file), one.key_at,
                      child_path(of_.where().path, one.key),
                      fmt::format("duplicate key, the same as \"{}\" at line {}, column {}",
                                  printable(first.key), first.key_at.line, first.key_at.column)});
  }
}

std::optional<value> mapping::take(std::string_view key) {
  known_.push_back(key);
  const auto found = members_.find(folded(key));
  if (found == members_.end()) return std::nullopt;
  const member& one = *found->second;
  taken_.insert(&one);
  // A block begins on a later line than the key that it belongs to.
  const position at = one.value.kind == node_kind::scalar ? one.value.at : one.key_at;
  return value(of_.sink(), one.value, {of_.where().file, at, child_path(of_.where().path, key)},
               of_.secret() || may_be_secret(key));
}

place mapping::place_of(std::string_view key) const {
  return {of_.where().file, of_.where().at, child_path(of_.where().path, key)};
}

void mapping::read(std::string_view key, std::string& into) {
  if (const auto found = take(key))
    if (auto parsed = found->text()) into = std::move(*parsed);
}

void mapping::read_non_empty(std::string_view key, std::string& into) {
  std::string text;
  read(key, text);
  if (!text.empty()) into = std::move(text);
}

void mapping::read(std::string_view key, bool& into) {
  if (const auto found = take(key))
    if (const auto parsed = found->boolean()) into = *parsed;
}

void mapping::read(std::string_view key, std::chrono::milliseconds& into, std::chrono::milliseconds low,
                   std::chrono::milliseconds high) {
  if (const auto found = take(key))
    if (const auto parsed = found->duration(low, high)) into = *parsed;
}

void mapping::read_integer(std::string_view key, std::size_t& into, std::int64_t low, std::int64_t high) {
  if (const auto found = take(key))
    if (const auto parsed = found->integer(low, high)) into = static_cast<std::size_t>(*parsed);
}

void mapping::read_size(std::string_view key, std::size_t& into, std::size_t low, std::size_t high) {
  if (const auto found = take(key))
    if (const auto parsed = found->size(low, high)) into = *parsed;
}

void mapping::refuse(std::span<const std::string_view> keys) {
  for (const std::string_view key : keys) {
    const auto found = take(key);
    if (found && !found->is_off()) found->fail(errc::unsupported, std::string(refusal));
  }
}

void mapping::finish() {
  for (const member& one : of_.tree().members) {
    if (one.unresolved || taken_.contains(&one)) continue;
    of_.sink().error({errc::unknown_key, std::string(of_.where().file), one.key_at,
                      child_path(of_.where().path, one.key), "unknown key" + did_you_mean(one.key, known_)});
  }
}

}  // namespace cardea::config
