#include "config/environment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <set>

namespace cardea::config {
namespace {

bool is_variable_name(std::string_view name) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= 128 && (name.front() < '0' || name.front() > '9') &&
         std::all_of(name.begin(), name.end(), is_word);
}

class substitution {
 public:
  substitution(const std::string& file, const environment& lookup, std::vector<issue>& issues,
               const document_limits& limits)
      : file_(file), lookup_(lookup), issues_(issues), budget_(limits.scalar_bytes_max) {}

  void apply(node& in) {
    if (in.kind == node_kind::scalar) apply_to_scalar(in);
    const std::string parent = path_;
    for (std::size_t i = 0; i < in.items.size(); ++i) {
      path_ = fmt::format("{}[{}]", parent, i);
      apply(in.items[i]);
    }
    for (member& one : in.members) {
      path_ = child_path(parent, one.key);
      bool resolved = true;
      if (one.key.find("${") != std::string::npos) one.key = expanded(one.key, one.key_at, resolved);
      one.unresolved = !resolved;
      apply(one.value);
    }
    path_ = parent;
  }

 private:
  void apply_to_scalar(node& in) {
    if (in.text.find("${") == std::string::npos) return;
    bool resolved = true;
    in.written = in.text;
    in.text = expanded(in.text, in.at, resolved);
    in.unresolved = !resolved;
  }

  std::string expanded(std::string_view text, position at, bool& resolved) {
    std::string out;
    reported_.clear();
    while (true) {
      const auto begin = text.find("${");
      const auto end = begin == std::string_view::npos ? begin : text.find('}', begin);
      if (end == std::string_view::npos) return out.append(text);
      out.append(text.substr(0, begin));
      const auto value = value_of(text.substr(begin + 2, end - begin - 2), at);
      if (value) out += *value;
      resolved = resolved && value;
      text.remove_prefix(end + 1);
    }
  }

  std::optional<std::string> value_of(std::string_view name, position at) {
    if (!is_variable_name(name)) {
      // Not printed: this may be a password that happens to have these bytes in it.
      issues_.push_back(
          {errc::unset_variable, file_, at, path_, "expected the name of a variable between ${ and }"});
      return std::nullopt;
    }
    auto value = variable(lookup_, std::string(name));
    if (!value && !is_new_in_scalar(name)) return std::nullopt;
    if (!value) {
      issues_.push_back({errc::unset_variable, file_, at, path_,
                         fmt::format("${{{}}}: the environment variable {} is not set", name, name)});
    } else if (value->size() > budget_) {
      budget_ = 0;
      issues_.push_back({errc::limit_exceeded, file_, at, path_, "the values of variables are too large"});
      return std::nullopt;
    } else {
      budget_ -= value->size();
    }
    return value;
  }

  bool is_new_in_scalar(std::string_view name) { return reported_.emplace(name).second; }

  const std::string& file_;
  const environment& lookup_;
  std::vector<issue>& issues_;
  std::size_t budget_;
  std::string path_;
  std::set<std::string, std::less<>> reported_;  // variables that the current scalar lacks
};

}  // namespace

environment process_environment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
}

std::optional<std::string> variable(const environment& lookup, const std::string& name) {
  std::optional<std::string> found;
  for (const char* prefix : {"CARDEA_", "GODOXY_", "GOPROXY_", ""}) {
    auto value = lookup(prefix + name);
    if (value && !value->empty()) return value;
    if (value) found = std::move(value);
  }
  return found;
}

void substitute_variables(document& in, const environment& lookup, std::vector<issue>& issues,
                          const document_limits& limits) {
  substitution(in.file, lookup, issues, limits).apply(in.root);
}

}  // namespace cardea::config
