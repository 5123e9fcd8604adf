#include "proxy/http1/field_line.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace cardea::proxy::http1 {
namespace {

constexpr std::uint8_t token_bit = 1;
constexpr std::uint8_t value_bit = 2;

consteval std::array<std::uint8_t, 256> make_byte_classes() {
  std::array<std::uint8_t, 256> out{};
  for (unsigned c = 0x20; c < 256; ++c)
    if (c != 0x7f) out[c] |= value_bit;
  out['\t'] |= value_bit;
  for (unsigned c = '0'; c <= '9'; ++c) out[c] |= token_bit;
  for (unsigned c = 'a'; c <= 'z'; ++c) out[c] |= token_bit;
  for (unsigned c = 'A'; c <= 'Z'; ++c) out[c] |= token_bit;
  for (const char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'})
    out[static_cast<unsigned char>(c)] |= token_bit;
  return out;
}
constexpr std::array<std::uint8_t, 256> byte_classes = make_byte_classes();

bool has_class(char c, std::uint8_t bit) noexcept { return (byte_classes[static_cast<unsigned char>(c)] & bit) != 0; }

}  // namespace

bool is_token_byte(char c) noexcept { return has_class(c, token_bit); }

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return has_class(c, token_bit); });
}

bool is_field_value(std::string_view text) noexcept {
  std::uint8_t all = value_bit;
  for (const char c : text) all &= byte_classes[static_cast<unsigned char>(c)];
  return (all & value_bit) != 0;
}

std::string_view trim_blanks(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

line_search find_line(std::string_view bytes, std::size_t begin, std::size_t scanned) noexcept {
  if (scanned >= bytes.size()) return {};
  const void* at = std::memchr(bytes.data() + scanned, '\n', bytes.size() - scanned);
  if (at == nullptr) return {};
  const auto end = static_cast<std::size_t>(static_cast<const char*>(at) - bytes.data());
  if (end == begin || bytes[end - 1] != '\r') return {line_search::state::bare_line_feed};
  return {line_search::state::found, end - 1 - begin};
}

const char* parse_field_line(std::string_view line, std::size_t offset, http::field& out) noexcept {
  if (line.front() == ' ' || line.front() == '\t') return "a field line that begins with a blank";
  std::size_t colon = 0;
  while (colon < line.size() && has_class(line[colon], token_bit)) ++colon;
  if (colon == line.size()) return "a field line without a colon";
  if (line[colon] != ':')
    return line[colon] == ' ' || line[colon] == '\t' ? "a blank before the colon of a field line"
                                                     : "a byte that no field name may hold";
  if (colon == 0) return "a field line without a name";
  const std::string_view value = trim_blanks(line.substr(colon + 1));
  if (!is_field_value(value)) return "a control byte in a field value";
  out.name_offset = static_cast<std::uint32_t>(offset);
  out.name_size = static_cast<std::uint16_t>(colon);
  out.value_offset = static_cast<std::uint32_t>(offset + static_cast<std::size_t>(value.data() - line.data()));
  out.value_size = static_cast<std::uint32_t>(value.size());
  out.id = http::identify_field(line.substr(0, colon));
  return nullptr;
}

std::optional<std::uint64_t> parse_content_length(std::string_view value) noexcept {
  if (value.empty() || value.size() > 18) return std::nullopt;
  std::uint64_t out = 0;
  for (const char c : value) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return out;
}

connection_tokens read_connection(const http::header_table& fields, const char* buffer) noexcept {
  connection_tokens out;
  if (!fields.has(http::field_id::connection)) return out;
  for (const http::field& line : fields) {
    if (line.id != http::field_id::connection) continue;
    std::string_view rest = http::value_of(line, buffer);
    while (true) {
      const auto comma = rest.find(',');
      const std::string_view token = trim_blanks(rest.substr(0, comma));
      out.close = out.close || base::equal_ignoring_case(token, "close");
      out.keep_alive = out.keep_alive || base::equal_ignoring_case(token, "keep-alive");
      out.upgrade = out.upgrade || base::equal_ignoring_case(token, "upgrade");
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return out;
}

std::size_t count_fields(const http::header_table& fields, http::field_id id) noexcept {
  if (!fields.has(id)) return 0;
  return static_cast<std::size_t>(
      std::count_if(fields.begin(), fields.end(), [id](const http::field& line) { return line.id == id; }));
}

}  // namespace cardea::proxy::http1
