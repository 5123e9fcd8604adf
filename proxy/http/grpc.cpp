#include "proxy/http/grpc.hpp"

#include "base/text.hpp"

namespace cardea::proxy::http {
namespace {

constexpr std::string_view media_type = "application/grpc";

// Names of https://grpc.github.io/grpc/core/md_doc_statuscodes.html.
enum status : std::uint8_t {
  unknown = 2,
  deadline_exceeded = 4,
  permission_denied = 7,
  resource_exhausted = 8,
  unimplemented = 12,
  internal = 13,
  unavailable = 14,
  unauthenticated = 16,
};

std::uint8_t of_http(std::uint16_t code) noexcept {
  switch (code) {
    case 400: return internal;
    case 401: return unauthenticated;
    case 403: return permission_denied;
    case 404: return unimplemented;
    case 429:
    case 502:
    case 503:
    case 504: return unavailable;
    case 413:
    case 431: return resource_exhausted;
    default: return unknown;
  }
}

}  // namespace

bool is_grpc(const exchange& request) noexcept {
  const field* const type = request.head().fields.find(field_id::content_type);
  if (type == nullptr) return false;
  const std::string_view value = value_of(*type, request.bytes());
  if (value.size() < media_type.size() || !base::equal_ignoring_case(value.substr(0, media_type.size()), media_type))
    return false;
  const std::string_view rest = value.substr(media_type.size());
  return rest.empty() || rest.front() == '+' || rest.front() == ';' || rest.front() == ' ';
}

std::uint8_t grpc_status_of(const failure& cause) noexcept {
  // The call may have run, so that to try again is not as harmless as "unavailable" says.
  if (cause.kind == failure_kind::response_timed_out || cause.kind == failure_kind::body_timed_out)
    return deadline_exceeded;
  return of_http(status_of(cause));
}

std::string grpc_fields_of(const failure& cause) {
  std::string out("grpc-status: ");
  out += std::to_string(grpc_status_of(cause));
  out += "\r\ngrpc-message: ";
  // Who is behind the proxy, and why it fails, is for the log; what the client did wrong is not.
  if (cause.blame == side::client && !cause.reason.empty())
    out += cause.reason;
  else
    out += reason_phrase(status_of(cause));
  return out += "\r\n";
}

}  // namespace cardea::proxy::http
