#include "proxy/http1/field_line.hpp"

namespace cardea::proxy::http1 {

std::string_view why_malformed(const char* data, line_position position, std::size_t at) noexcept {
  const char c = data[at];
  if (c == '\n') return "a line ends with a bare LF";
  if (position.colon != 0)
    return c == '\r' ? "a bare CR in a field value" : "a control byte in a field value";
  if (at == position.begin) {
    if (c == ':') return "an empty field name";
    if (c == '\r') return "a bare CR at the begin of a line";
    if (http::is_blank(c)) return "a line begins with a blank (folding)";
  } else {
    if (c == '\r') return "a field line without a colon";
    if (http::is_blank(c)) return "a blank in or after a field name";
  }
  return "a forbidden byte in a field name";
}

}  // namespace cardea::proxy::http1
