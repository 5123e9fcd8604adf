#include "proxy/http1/scan.hpp"

namespace cardea::proxy::http1 {

std::size_t find_unusual_value_end(const char* data, std::size_t at, std::size_t size) noexcept {
#if defined(__SSE2__)
  return scan_detail::find(data, at, size, scan_detail::value_ends, scan_detail::ends_value);
#else
  while (at < size && !scan_detail::ends_value(data[at])) ++at;
  return at;
#endif
}

}  // namespace cardea::proxy::http1
