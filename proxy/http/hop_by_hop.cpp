#include "proxy/http/hop_by_hop.hpp"

#include "base/text.hpp"
#include "proxy/http/token_list.hpp"

#include <algorithm>

namespace cardea::proxy::http {
namespace {

template <class... Ids>
consteval std::uint64_t set_of(Ids... ids) {
  return ((std::uint64_t{1} << static_cast<unsigned>(ids)) | ...);
}

bool in(std::uint64_t set, field_id id) noexcept { return (set >> static_cast<unsigned>(id) & 1) != 0; }

constexpr std::uint64_t hop_by_hop =
    set_of(field_id::connection, field_id::keep_alive, field_id::proxy_authenticate,
           field_id::proxy_authorization, field_id::proxy_connection, field_id::te, field_id::trailer,
           field_id::transfer_encoding, field_id::upgrade);

/// What the proxy itself tells the backend, and what only harms there.
constexpr std::uint64_t not_from_clients =
    set_of(field_id::forwarded, field_id::http2_settings, field_id::proxy, field_id::via,
           field_id::x_forwarded_for, field_id::x_forwarded_host, field_id::x_forwarded_method,
           field_id::x_forwarded_port, field_id::x_forwarded_prefix, field_id::x_forwarded_proto,
           field_id::x_forwarded_uri, field_id::x_real_ip);

/// Names without an identity that a Connection field must not strip either (T10);
/// those with one are all protected.
constexpr std::array<std::string_view, 16> protected_names{
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-range",
    "content-security-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "early-data",
    "location",
    "referer",
    "set-cookie",
    "strict-transport-security",
    "vary",
    "www-authenticate",
    "x-content-type-options",
    "x-frame-options",
};

constexpr std::array<std::string_view, 19> not_in_trailers{
    "age",           "allow",      "cache-control", "content-encoding", "content-location",
    "content-range", "early-data", "expires",       "if-match",         "if-unmodified-since",
    "last-modified", "location",   "max-forwards",  "pragma",           "retry-after",
    "set-cookie",    "vary",       "warning",       "www-authenticate",
};

bool starts_with(std::string_view name, std::string_view prefix) noexcept {
  return name.size() >= prefix.size() && base::equal_ignoring_case(name.substr(0, prefix.size()), prefix);
}

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name) noexcept {
  return std::any_of(names.begin(), names.end(),
                     [name](std::string_view each) { return base::equal_ignoring_case(each, name); });
}

bool is_ambiguous(std::string_view name) noexcept {
  for (const char c : name)
    if (c == '_' || c == '.') return true;
  return false;
}

// What says who a client has proved to be, as this proxy and others say it (T12).
bool tells_identity(std::string_view name) noexcept {
  if (name.size() < 11) return false;
  switch (base::to_lower(name.front())) {
    case 'x': return starts_with(name, "x-ssl-client-");
    case 's': return starts_with(name, "ssl-client-");
    case 'c': return starts_with(name, "client-cert");
    default: return false;
  }
}

bool is_ours_to_say(std::string_view name) noexcept {
  return starts_with(name, "x-forwarded-") || tells_identity(name);
}

bool stripped_by(const connection_options& options, std::string_view name) noexcept {
  if (options.empty() || !options.lists(name)) return false;
  return !is_one_of(protected_names, name) && !starts_with(name, "sec-") &&
         !starts_with(name, "access-control-");
}

}  // namespace

connection_options::connection_options(const header_table& fields, const char* buffer) noexcept
    : fields_(&fields), buffer_(buffer) {
  if (!fields.has(field_id::connection)) return;
  for (const field& line : fields) {
    if (line.id != field_id::connection) continue;
    // The parsers have refused malformed lists.
    (void)for_each_token(value_of(line, buffer), [this](std::string_view name) {
      if (size_ < capacity) names_[size_] = name;
      ++size_;
    });
  }
}

bool connection_options::lists(std::string_view name) const noexcept {
  const auto same = [name](std::string_view each) { return base::equal_ignoring_case(each, name); };
  if (size_ <= capacity) return std::any_of(names_.begin(), names_.begin() + size_, same);
  bool found = false;
  for (const field& line : *fields_) {
    if (line.id != field_id::connection) continue;
    (void)for_each_token(value_of(line, buffer_),
                         [&found, &same](std::string_view each) { found = found || same(each); });
  }
  return found;
}

bool forwards_to_backend(const field& line, const char* buffer, const connection_options& options) noexcept {
  if (line.id == field_id::te) return base::equal_ignoring_case(value_of(line, buffer), "trailers");
  if (line.id != field_id::other) return !in(hop_by_hop | not_from_clients, line.id);
  const std::string_view name = name_of(line, buffer);
  return !is_ambiguous(name) && !is_ours_to_say(name) && !stripped_by(options, name);
}

bool forwards_to_client(const field& line, const char* buffer, const connection_options& options) noexcept {
  if (line.id != field_id::other) return !in(hop_by_hop | set_of(field_id::http2_settings), line.id);
  return !stripped_by(options, name_of(line, buffer));
}

bool forwards_as_trailer(field_id id, std::string_view name) noexcept {
  // Every name that the proxy acts on is control data, which must not come late.
  if (id != field_id::other) return false;
  return !is_ambiguous(name) && !is_ours_to_say(name) && !is_one_of(not_in_trailers, name);
}

}  // namespace cardea::proxy::http
