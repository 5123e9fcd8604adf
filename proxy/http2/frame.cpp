#include "proxy/http2/frame.hpp"

namespace cardea::proxy::http2 {

unpadded strip_padding(const frame_header& header, std::string_view payload) noexcept {
  unpadded out;
  std::size_t padding = 0;
  if (header.has(flag::padded)) {
    if (payload.empty()) return out;
    padding = static_cast<unsigned char>(payload.front());
    payload.remove_prefix(1);
  }
  if (header.has(flag::priority)) {
    if (payload.size() < 5) return out;
    out.dependency = read_u32(payload.data()) & stream_id_max;
    payload.remove_prefix(5);
  }
  if (padding > payload.size()) return out;
  payload.remove_suffix(padding);
  out.fits = true;
  out.content = payload;
  return out;
}

}  // namespace cardea::proxy::http2
