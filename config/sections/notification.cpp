#include "config/sections/notification.hpp"

#include <array>

namespace cardea::config {

std::string fill_payload(std::string_view payload, const payload_values& with) {
  const std::array<std::pair<std::string_view, std::string_view>, 4> known{{{"$title", with.title},
                                                                            {"$message", with.message},
                                                                            {"$fields", with.fields},
                                                                            {"$color", with.color}}};
  std::string out;
  while (!payload.empty()) {
    const auto at = payload.find('$');
    out += payload.substr(0, at);
    if (at == std::string_view::npos) break;
    payload.remove_prefix(at);
    std::size_t taken = 0;
    for (const auto& [name, value] : known) {
      if (!payload.starts_with(name)) continue;
      out += value;
      taken = name.size();
    }
    if (taken == 0) {
      out += '$';
      taken = 1;
    }
    payload.remove_prefix(taken);
  }
  return out;
}

}  // namespace cardea::config
