#include "base/fetch_target.hpp"

#include "base/text.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace cardea::base {
namespace {

// RFC 9110 section 5.6.2.
bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [marks](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || marks.find(c) != std::string_view::npos;
  });
}

// RFC 9110 section 5.5 without obs-text's exceptions for control bytes.
bool is_field_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

bool is_port(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failure == std::errc{} && end == text.data() + text.size() && number != 0;
}

constexpr std::array<std::string_view, 7> own_fields{
    "host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "expect"};

bool is_own(std::string_view name) {
  return std::any_of(own_fields.begin(), own_fields.end(),
                     [name](std::string_view own) { return equal_ignoring_case(own, name); });
}

}  // namespace

std::string fetch_target::printed() const {
  const bool literal = host.find(':') != std::string::npos;
  return (literal ? "[" + host + "]" : host) + ":" + port;
}

result<fetch_target> parse_fetch_target(std::string_view url) {
  const auto parsed = boost::urls::parse_uri(boost::core::string_view(url.data(), url.size()));
  if (!parsed) return error(errc::invalid_argument, "not an absolute URL");
  const boost::urls::url_view parts = *parsed;
  const bool tls = parts.scheme_id() == boost::urls::scheme::https;
  if (!tls && parts.scheme_id() != boost::urls::scheme::http)
    return error(errc::invalid_argument, "the URL's scheme is neither http nor https");
  if (parts.has_userinfo()) return error(errc::invalid_argument, "the URL carries user information");

  fetch_target target;
  target.tls = tls;
  target.host = to_lower(std::string_view(parts.host_address()));
  if (target.host.empty()) return error(errc::invalid_argument, "the URL has no host");
  if (!is_field_value(target.host) || target.host.find(' ') != std::string::npos)
    return error(errc::invalid_argument, "the URL's host is not a host name");
  const std::string_view default_port = tls ? "443" : "80";
  target.port = parts.has_port() && !parts.port().empty() ? std::string(parts.port()) : default_port;
  if (!is_port(target.port))
    return error(errc::invalid_argument, "the URL's port is not between 1 and 65535");
  const bool literal = target.host.find(':') != std::string::npos;
  target.authority = literal ? "[" + target.host + "]" : target.host;
  if (target.port != default_port) target.authority += ":" + target.port;
  target.path = std::string(parts.encoded_path());
  if (target.path.empty()) target.path = "/";
  if (parts.has_query()) target.path += "?" + std::string(parts.encoded_query());
  return target;
}

result<void> check_fetch_request(const fetch_request& request) {
  if (!is_token(request.method)) return error(errc::invalid_argument, "the method is not a token");
  for (const http_field& field : request.headers) {
    if (!is_token(field.name)) return error(errc::invalid_argument, "a header field's name is not a token");
    if (!is_field_value(field.value))
      return error(errc::invalid_argument, "the value of header field " + field.name + " has a control byte");
    if (is_own(field.name))
      return error(errc::invalid_argument, "header field " + field.name + " is the client's own");
  }
  return {};
}

}  // namespace cardea::base
