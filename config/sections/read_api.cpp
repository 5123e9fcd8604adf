#include "config/sections/read_api.hpp"

namespace cardea::config {

api_section read_api(const value& from) {
  api_section out;
  const auto section = from.as_mapping();
  if (!section) return out;
  mapping keys(*section);
  if (const auto found = keys.take("addr"))
    if (auto address = found->listen_address()) out.addr = std::move(*address);
  keys.finish();
  return out;
}

}  // namespace cardea::config
