#include "proxy/access_log/fields.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace cardea::proxy::access_log {
namespace {

using config::field_mode;
using config::field_policy;

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// REQUIRES: the text is not empty.
char take_decoded(std::string_view& text) noexcept {
  const char first = text.front();
  if (first == '%' && text.size() >= 3) {
    const int high = hex_value(text[1]);
    const int low = hex_value(text[2]);
    if (high >= 0 && low >= 0) {
      text.remove_prefix(3);
      return static_cast<char>(high * 16 + low);
    }
  }
  text.remove_prefix(1);
  return first == '+' ? ' ' : first;
}

template <class Same>
field_mode mode_of(const field_policy& policy, std::string_view name, Same same) noexcept {
  for (const auto& [known, mode] : policy.named)
    if (same(known, name)) return mode;
  return policy.otherwise;
}

bool shows_nothing(const field_policy& policy) noexcept {
  return policy.otherwise == field_mode::drop && policy.named.empty();
}

}  // namespace

bool take_parameter(std::string_view& query, query_parameter& into) noexcept {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view one = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (one.empty()) continue;
    const auto equals = std::min(one.find('='), one.size());
    into.has_value = equals < one.size();
    into.name = one.substr(0, equals);
    into.value = into.has_value ? one.substr(equals + 1) : std::string_view{};
    return true;
  }
  return false;
}

bool same_decoded(std::string_view left, std::string_view right) noexcept {
  while (!left.empty() && !right.empty())
    if (take_decoded(left) != take_decoded(right)) return false;
  return left.empty() && right.empty();
}

std::string_view decode_into(std::string_view text, char* to, std::size_t size) noexcept {
  std::size_t used = 0;
  while (!text.empty() && used < size) to[used++] = take_decoded(text);
  return {to, used};
}

field_mode mode_of_parameter(const field_policy& policy, std::string_view name) noexcept {
  // The configured name is taken literally, the other one is not.
  const auto same = [](std::string_view known, std::string_view given) {
    while (!known.empty() && !given.empty()) {
      if (take_decoded(given) != known.front()) return false;
      known.remove_prefix(1);
    }
    return known.empty() && given.empty();
  };
  return mode_of(policy, name, same);
}

void list_query(const field_policy& policy, std::string_view query, field_list& into) noexcept {
  query_parameter each;
  while (take_parameter(query, each)) into.add(each.name, each.value, mode_of_parameter(policy, each.name));
}

void list_headers(const field_policy& policy, const entry& what, field_list& into) noexcept {
  if (what.head == nullptr || shows_nothing(policy)) return;
  const auto same = [](std::string_view known, std::string_view given) { return base::equal_ignoring_case(known, given); };
  for (const http::field& each : what.head->fields) {
    const std::string_view name = http::name_of(each, what.bytes);
    field_mode mode = mode_of(policy, name, same);
    const bool is_named = std::any_of(policy.named.begin(), policy.named.end(),
                                      [&](const auto& one) { return same(one.first, name); });
    if (each.id == http::field_id::cookie && !is_named) mode = field_mode::drop;
    into.add(name, http::value_of(each, what.bytes), mode);
  }
}

void list_cookies(const field_policy& policy, const entry& what, field_list& into) noexcept {
  if (what.head == nullptr || shows_nothing(policy) || !what.head->fields.has(http::field_id::cookie)) return;
  const auto same = [](std::string_view known, std::string_view given) { return known == given; };
  for (const http::field& each : what.head->fields) {
    if (each.id != http::field_id::cookie) continue;
    for (std::string_view rest = http::value_of(each, what.bytes); !rest.empty();) {
      const auto end = std::min(rest.find(';'), rest.size());
      const std::string_view one = base::trim(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const auto equals = std::min(one.find('='), one.size());
      if (one.empty()) continue;
      const std::string_view value = equals < one.size() ? one.substr(equals + 1) : std::string_view{};
      into.add(one.substr(0, equals), value, mode_of(policy, one.substr(0, equals), same));
    }
  }
}

}  // namespace cardea::proxy::access_log
