#include "proxy/upstream/real_client.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <optional>

namespace cardea::proxy::upstream {
namespace {

bool is_in(const std::vector<base::address_range>& ranges, const base::address& candidate) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const auto& each) { return each.contains(candidate); });
}

// The next value from the end of a list with commas.
std::string_view take_last(std::string_view& list) {
  const auto comma = list.rfind(',');
  const std::string_view last = comma == std::string_view::npos ? list : list.substr(comma + 1);
  list = comma == std::string_view::npos ? std::string_view{} : list.substr(0, comma);
  return base::trim(last);
}

}  // namespace

std::string_view real_client(std::string_view peer, const http::header_table& fields, const char* buffer,
                             const config::real_ip_source& from) {
  if (from.from.empty()) return peer;
  const auto known = base::address::from_parts(peer, 0);
  if (!known || !is_in(from.from, *known)) return peer;
  std::string_view best = peer;
  for (const http::field* line = fields.end(); line != fields.begin();) {
    --line;
    if (!base::equal_ignoring_case(http::name_of(*line, buffer), from.header)) continue;
    for (std::string_view list = http::value_of(*line, buffer); !list.empty();) {
      const std::string_view text = take_last(list);
      const auto address = base::address::from_parts(text, 0);
      // Beyond what is no address anybody may have written the rest.
      if (!address) return best;
      best = text;
      if (!from.recursive || !is_in(from.from, *address)) return best;
    }
  }
  return best;
}

}  // namespace cardea::proxy::upstream
