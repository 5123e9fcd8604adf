#include "proxy/http2/header_frames.hpp"

namespace cardea::proxy::http2 {

void append_block(output& to, std::uint32_t stream, std::uint8_t flags, std::string_view block) {
  frame_type type = frame_type::headers;
  do {
    const std::string_view part = block.substr(0, frame_payload_max);
    block.remove_prefix(part.size());
    const std::uint8_t end = block.empty() ? flag::end_headers : std::uint8_t{0};
    to.append_frame({static_cast<std::uint32_t>(part.size()), type, static_cast<std::uint8_t>(flags | end), stream},
                    part);
    type = frame_type::continuation;
    flags = 0;
  } while (!block.empty());
}

}  // namespace cardea::proxy::http2
