#include "proxy/http/failure.hpp"

namespace cardea::proxy::http {

std::uint16_t status_of(const failure& cause) noexcept {
  switch (cause.kind) {
    case failure_kind::refused_request: return cause.status;
    case failure_kind::request_timed_out:
    case failure_kind::body_timed_out: return 408;
    case failure_kind::method_not_allowed: return 405;
    case failure_kind::no_route:
    case failure_kind::not_found: return 404;
    case failure_kind::misdirected: return 421;
    case failure_kind::no_backend:
    case failure_kind::overloaded: return 503;
    case failure_kind::connect_refused:
    case failure_kind::backend_tls_failed:
    case failure_kind::backend_reset:
    case failure_kind::response_refused: return 502;
    case failure_kind::connect_timed_out:
    case failure_kind::response_timed_out: return 504;
    case failure_kind::client_gone: return 499;
  }
  return 500;
}

std::string_view reason_phrase(std::uint16_t status) noexcept {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 103: return "Early Hints";
    case 200: return "OK";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 410: return "Gone";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "";
  }
}

}  // namespace cardea::proxy::http
