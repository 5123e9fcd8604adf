#include "base/idn.hpp"

#include <idn2.h>

#include <algorithm>
#include <memory>

namespace cardea::base {

std::optional<std::string> to_ascii_name(std::string_view name) {
  const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
  if (std::all_of(name.begin(), name.end(), is_ascii)) return std::string(name);
  char* out = nullptr;
  if (idn2_to_ascii_8z(std::string(name).c_str(), &out, IDN2_NONTRANSITIONAL) != IDN2_OK) return std::nullopt;
  const std::unique_ptr<char, void (*)(void*)> owned(out, idn2_free);
  return std::string(out);
}

}  // namespace cardea::base
