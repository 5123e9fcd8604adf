#include "proxy/http/header_table.hpp"

#include "base/text.hpp"

namespace cardea::proxy::http {
namespace {

struct known_name {
  std::string_view name;
  field_id id;
};

constexpr std::array<known_name, static_cast<std::size_t>(field_id::count_) - 1> known_names{{
    {"accept-encoding", field_id::accept_encoding},
    {"authorization", field_id::authorization},
    {"connection", field_id::connection},
    {"content-length", field_id::content_length},
    {"content-type", field_id::content_type},
    {"cookie", field_id::cookie},
    {"date", field_id::date},
    {"expect", field_id::expect},
    {"forwarded", field_id::forwarded},
    {"host", field_id::host},
    {"http2-settings", field_id::http2_settings},
    {"if-modified-since", field_id::if_modified_since},
    {"if-none-match", field_id::if_none_match},
    {"if-range", field_id::if_range},
    {"keep-alive", field_id::keep_alive},
    {"origin", field_id::origin},
    {"proxy", field_id::proxy},
    {"proxy-authenticate", field_id::proxy_authenticate},
    {"proxy-authorization", field_id::proxy_authorization},
    {"proxy-connection", field_id::proxy_connection},
    {"range", field_id::range},
    {"sec-websocket-version", field_id::sec_websocket_version},
    {"server", field_id::server},
    {"te", field_id::te},
    {"trailer", field_id::trailer},
    {"transfer-encoding", field_id::transfer_encoding},
    {"upgrade", field_id::upgrade},
    {"via", field_id::via},
    {"x-forwarded-for", field_id::x_forwarded_for},
    {"x-forwarded-host", field_id::x_forwarded_host},
    {"x-forwarded-method", field_id::x_forwarded_method},
    {"x-forwarded-port", field_id::x_forwarded_port},
    {"x-forwarded-prefix", field_id::x_forwarded_prefix},
    {"x-forwarded-proto", field_id::x_forwarded_proto},
    {"x-forwarded-uri", field_id::x_forwarded_uri},
    {"x-real-ip", field_id::x_real_ip},
}};

// Length, first, middle and last letter tell all known names apart well enough
// that a bucket holds one or two; computed at compile time.
constexpr std::size_t bucket_count = 256;
constexpr std::size_t bucket_size = 2;

constexpr std::size_t bucket_of(std::string_view name) noexcept {
  const auto letter = [&](std::size_t at) { return static_cast<unsigned char>(base::to_lower(name[at])); };
  return (name.size() * 31U + letter(0) * 7U + letter(name.size() / 2) * 13U + letter(name.size() - 1) * 3U) %
         bucket_count;
}

struct name_index {
  std::array<std::array<std::uint8_t, bucket_size>, bucket_count> slots{};  // 1-based; 0 = empty
};

consteval name_index make_index() {
  name_index out;
  for (std::size_t i = 0; i < known_names.size(); ++i) {
    auto& bucket = out.slots[bucket_of(known_names[i].name)];
    std::size_t at = 0;
    while (bucket[at] != 0) ++at;  // a full bucket fails to compile: out of bounds
    bucket[at] = static_cast<std::uint8_t>(i + 1);
  }
  return out;
}
constexpr name_index index_of_names = make_index();

}  // namespace

field_id identify_field(std::string_view name) noexcept {
  if (name.empty()) return field_id::other;
  for (const std::uint8_t slot : index_of_names.slots[bucket_of(name)]) {
    if (slot == 0) break;
    const known_name& candidate = known_names[slot - 1U];
    if (base::equal_ignoring_case(candidate.name, name)) return candidate.id;
  }
  return field_id::other;
}

const field* header_table::find(field_id id) const noexcept {
  if (!has(id)) return nullptr;
  for (const field& line : *this)
    if (line.id == id) return &line;
  return nullptr;
}

}  // namespace cardea::proxy::http
