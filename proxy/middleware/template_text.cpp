#include "proxy/middleware/template_text.hpp"

#include "proxy/http/authority.hpp"
#include "proxy/http/characters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace cardea::proxy::middleware {
namespace {

using value = config::template_value;

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

// Host without a port, and its port or the scheme's.
void append_port(std::string& out, std::string_view host, bool secure) {
  const auto parsed = http::parse_authority(host);
  append_number(out, parsed && parsed->port != 0 ? parsed->port : secure ? 443 : 80);
}

std::optional<char> decoded_at(std::string_view text) noexcept {
  if (text.size() < 3 || !http::is_hex(text[1]) || !http::is_hex(text[2])) return std::nullopt;
  return static_cast<char>(http::hex_value(text[1]) << 4 | http::hex_value(text[2]));
}

// Decoded, unless that would bring in what a field cannot hold: then as it came.
void append_decoded(std::string& out, std::string_view text) {
  const std::size_t begin = out.size();
  for (std::size_t at = 0; at < text.size(); ++at) {
    char c = text[at] == '+' ? ' ' : text[at];
    if (c == '%') {
      const auto decoded = decoded_at(text.substr(at));
      if (!decoded || !http::is_text(*decoded)) {
        out.resize(begin);
        out += text;
        return;
      }
      c = *decoded;
      at += 2;
    }
    out += c;
  }
}

void append_argument(std::string& out, std::string_view query, std::string_view name) {
  if (query.starts_with('?')) query.remove_prefix(1);
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    const auto equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == name)
      return append_decoded(out, pair.substr(std::min(equals + 1, pair.size())));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
}

void append_url(std::string& out, const edited_exchange& request, bool whole) {
  if (whole) {
    out += request.client().secure ? "https://" : "http://";
    out += request.field("host");
  }
  out += request.path().empty() ? "/" : request.path();
  out += request.query();
}

void append_remote(std::string& out, const http::client_info& client) {
  const bool is_six = client.address.find(':') != std::string::npos;
  if (is_six) out += '[';
  out += client.address;
  if (is_six) out += ']';
  out += ':';
  append_number(out, client.port);
}

void append_request(std::string& out, const config::template_part& part, const edited_exchange& request) {
  const http::client_info& client = request.client();
  const std::string_view host = request.field("host");
  switch (part.value) {
    case value::req_method: out += request.head().method.in(request.bytes()); break;
    case value::req_scheme: out += client.secure ? "https" : "http"; break;
    case value::req_host: out += http::host_of(host); break;
    case value::req_port: append_port(out, host, client.secure); break;
    case value::req_addr: out += host; break;
    case value::req_path: out += request.path(); break;
    case value::req_query: out += request.query().substr(std::min<std::size_t>(1, request.query().size())); break;
    case value::req_url: append_url(out, request, true); break;
    case value::req_uri: append_url(out, request, false); break;
    case value::req_content_type: out += request.field("content-type"); break;
    case value::req_content_length:
      if (request.head().framing == http::body_framing::length) append_number(out, request.head().content_length);
      break;
    case value::remote_host: out += client.address; break;
    case value::remote_port: append_number(out, client.port); break;
    case value::remote_addr: append_remote(out, client); break;
    case value::header: out += request.field(part.text); break;
    case value::arg: append_argument(out, request.query(), part.text); break;
    default: break;
  }
}

void append_response(std::string& out, const config::template_part& part, const response_edit& response) {
  switch (part.value) {
    case value::status_code: append_number(out, response.status()); break;
    case value::resp_content_type: out += response.field("content-type"); break;
    case value::resp_content_length: out += response.field("content-length"); break;
    case value::resp_header: out += response.field(part.text); break;
    default: break;
  }
}

}  // namespace

void write_text(const config::text_template& from, const template_context& context, std::string& out) {
  for (const config::template_part& part : from.parts) {
    switch (part.value) {
      case value::literal: out += part.text; break;
      case value::upstream_name: out += context.facts.name; break;
      case value::upstream_scheme: out += context.facts.scheme; break;
      case value::upstream_host: out += context.facts.host; break;
      case value::upstream_port: out += context.facts.port; break;
      case value::upstream_addr: out += context.facts.addr; break;
      case value::upstream_url: out += context.facts.url; break;
      default:
        append_request(out, part, context.request);
        if (context.response != nullptr) append_response(out, part, *context.response);
    }
  }
}

void write_location(const config::text_template& from, const location_context& context, std::string& out) {
  const std::size_t begin = out.size();
  const http::exchange& asked = context.request.original();
  const std::string_view host = asked.head().host.in(asked.bytes());
  const bool secure = asked.client().secure;
  for (const config::template_part& part : from.parts) {
    switch (part.value) {
      case value::literal: out += part.text; break;
      case value::req_scheme: out += secure ? "https" : "http"; break;
      case value::req_host: out += http::host_of(host); break;
      case value::req_port: append_port(out, host, secure); break;
      case value::req_path: out += context.path; break;
      case value::query_part: out += context.request.query(); break;
      case value::req_uri:
        out += context.path;
        out += context.request.query();
        break;
      case value::rest: out += context.rest; break;
      case value::parameter:
        if (part.parameter < context.parameters.size()) out += context.parameters[part.parameter];
        break;
      default: break;
    }
  }
  // What follows an empty $rest, and two slashes, would be another host.
  if (out.size() == begin || (out[begin] != '/' && out[begin] != 'h')) out.insert(begin, 1, '/');
  std::size_t slashes = begin;
  while (slashes < out.size() && out[slashes] == '/') ++slashes;
  if (slashes > begin + 1) out.erase(begin + 1, slashes - begin - 1);
}

}  // namespace cardea::proxy::middleware
