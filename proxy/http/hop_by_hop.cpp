#include "proxy/http/hop_by_hop.hpp"

#include "base/text.hpp"

namespace cardea::proxy::http {
namespace {

// Fields that no Connection list can remove.
bool is_end_to_end(field_id id) noexcept {
  switch (id) {
    case field_id::host:
    case field_id::content_length:
    case field_id::transfer_encoding:
    case field_id::content_type:
    case field_id::authorization:
    case field_id::cookie:
    case field_id::origin:
    case field_id::x_forwarded_for:
    case field_id::x_forwarded_host:
    case field_id::x_forwarded_port:
    case field_id::x_forwarded_proto:
    case field_id::x_real_ip: return true;
    default: return false;
  }
}

bool is_hop_by_hop(field_id id) noexcept {
  switch (id) {
    case field_id::connection:
    case field_id::keep_alive:
    case field_id::proxy_connection:
    case field_id::proxy_authenticate:
    case field_id::proxy_authorization:
    case field_id::te:
    case field_id::trailer:
    case field_id::transfer_encoding:
    case field_id::upgrade:
    case field_id::http2_settings: return true;
    default: return false;
  }
}

}  // namespace

connection_options::connection_options(const header_table& fields, const char* buffer) noexcept {
  if (!fields.has(field_id::connection)) return;
  for (const field& line : fields) {
    if (line.id != field_id::connection) continue;
    std::string_view rest = value_of(line, buffer);
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      const std::string_view name = base::trim(rest.substr(0, comma));
      if (!name.empty()) {
        if (size_ < capacity) names_[size_] = name;
        ++size_;
      }
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
}

bool connection_options::lists(std::string_view name) const noexcept {
  if (size_ > capacity) return true;
  for (std::size_t i = 0; i < size_; ++i)
    if (base::equal_ignoring_case(names_[i], name)) return true;
  return false;
}

bool forwards_to_backend(const field& line, const char* buffer, const connection_options& options) noexcept {
  switch (line.id) {
    case field_id::host:
    case field_id::content_length:
    case field_id::expect:
    case field_id::proxy:
    case field_id::forwarded:
    case field_id::x_forwarded_for:
    case field_id::x_forwarded_host:
    case field_id::x_forwarded_method:
    case field_id::x_forwarded_port:
    case field_id::x_forwarded_prefix:
    case field_id::x_forwarded_proto:
    case field_id::x_forwarded_uri:
    case field_id::x_real_ip: return false;
    default: break;
  }
  if (is_hop_by_hop(line.id)) return false;
  const std::string_view name = name_of(line, buffer);
  if (line.id == field_id::other && name.find('_') != std::string_view::npos) return false;
  return is_end_to_end(line.id) || !options.lists(name);
}

bool forwards_to_client(const field& line, const char* buffer, const connection_options& options) noexcept {
  if (line.id == field_id::content_length || is_hop_by_hop(line.id)) return false;
  return is_end_to_end(line.id) || !options.lists(name_of(line, buffer));
}

}  // namespace cardea::proxy::http
