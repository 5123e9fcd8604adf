#include "proxy/http2/priority.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstddef>

namespace cardea::proxy::http2 {

priority parse_priority(std::string_view value) noexcept {
  priority out;
  while (true) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const std::string_view member = base::trim(value.substr(0, comma));
    if (member.size() == 3 && member.starts_with("u=") && member[2] >= '0' && member[2] <= '7')
      out.urgency = static_cast<std::uint8_t>(member[2] - '0');
    else if (member == "i" || member == "i=?1")
      out.incremental = true;
    else if (member == "i=?0")
      out.incremental = false;
    if (comma == value.size()) return out;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace cardea::proxy::http2
