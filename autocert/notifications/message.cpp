#include "autocert/notifications/message.hpp"

#include "base/json_text.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cardea::autocert::notifications {
namespace {

using config::notification_format;
using config::notification_section;
using config::payload_type;

constexpr std::size_t answer_bytes_max = 64 * 1024;
constexpr unsigned colour_of_errors = 0xff0000;
constexpr unsigned colour_of_success = 0x00ff00;
constexpr unsigned colour_of_warnings = 0xffa500;

// A field's value and a title are one line.
std::string one_line(std::string_view text) {
  std::string out = base::valid_utf8(text);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return out;
}

std::string body_of(const notice& what, notification_format format) {
  if (what.list.empty()) return base::valid_utf8(what.text);
  std::string out;
  for (const std::string& each : what.list) {
    if (!out.empty()) out += '\n';
    out += (format == notification_format::markdown ? "* " : "") + base::valid_utf8(each);
  }
  return out;
}

std::string fields_of(const notice& what) {
  if (what.list.empty()) return base::json_quoted(what.text);
  std::string out;
  for (const std::string& each : what.list) out += (out.empty() ? "" : ",") + base::json_quoted(each);
  return "[" + out + "]";
}

std::string colour_of(const notice& what, bool decimal) {
  const unsigned colour = what.level == severity::error  ? colour_of_errors
                          : what.level == severity::warn ? colour_of_warnings
                                                         : colour_of_success;
  return decimal ? fmt::to_string(colour) : fmt::format("#{:06x}", colour);
}

std::string with_slash(std::string url) {
  if (!url.ends_with('/')) url += '/';
  return url;
}

base::fetch_request for_gotify(const notification_section& service, const notice& what) {
  const int priority = what.level == severity::error ? 5 : what.level == severity::warn ? 2 : 0;
  const bool is_markdown = service.format == notification_format::markdown;
  base::fetch_request out;
  out.url = with_slash(service.url.reveal()) + "message";
  out.headers.push_back({"Content-Type", "application/json"});
  out.body = fmt::format(R"({{"title":{},"message":{},"priority":{}{}}})", base::json_quoted(what.title),
                         base::json_quoted(body_of(what, service.format)), priority,
                         is_markdown ? R"(,"extras":{"client::display":{"contentType":"text/markdown"}})" : "");
  return out;
}

base::fetch_request for_ntfy(const notification_section& service, const notice& what) {
  base::fetch_request out;
  out.url = with_slash(service.url.reveal()) + base::percent_encode(service.topic);
  out.headers.push_back({"Title", one_line(what.title)});
  if (what.level != severity::warn)
    out.headers.push_back({"Priority", what.level == severity::error ? "high" : "low"});
  if (service.format == notification_format::markdown) out.headers.push_back({"Markdown", "yes"});
  out.body = body_of(what, service.format);
  return out;
}

std::string_view content_type_of(payload_type type) {
  switch (type) {
    case payload_type::json:
      return "application/json";
    case payload_type::form:
      return "application/x-www-form-urlencoded";
    case payload_type::text:
      return "text/plain; charset=utf-8";
  }
  return "text/plain; charset=utf-8";
}

base::fetch_request for_webhook(const notification_section& service, const notice& what) {
  const std::string message = body_of(what, service.format);
  config::payload_values with{one_line(what.title), message, fields_of(what),
                              colour_of(what, service.decimal_color)};
  if (service.mime_type == payload_type::json) {
    with.title = base::json_quoted(with.title);
    with.message = base::json_quoted(with.message);
  } else if (service.mime_type == payload_type::form) {
    for (std::string* each : {&with.title, &with.message, &with.fields, &with.color})
      *each = base::percent_encode(*each);
  }
  base::fetch_request out;
  out.method = service.method;
  out.url = service.url.reveal();
  out.headers.push_back({"Content-Type", std::string(content_type_of(service.mime_type))});
  for (const auto& [name, value] : service.headers) {
    if (base::equal_ignoring_case(name, "content-type")) out.headers.clear();
    out.headers.push_back({name, value.reveal()});
  }
  out.body = config::fill_payload(service.payload.reveal(), with);
  return out;
}

}  // namespace

base::fetch_request message_for(const notification_section& service, const notice& what) {
  base::fetch_request out;
  switch (service.service) {
    case config::notification_service::gotify:
      out = for_gotify(service, what);
      out.method = "POST";
      break;
    case config::notification_service::ntfy:
      out = for_ntfy(service, what);
      out.method = "POST";
      break;
    case config::notification_service::webhook:
      out = for_webhook(service, what);
      break;
  }
  if (!service.token.empty()) out.headers.push_back({"Authorization", "Bearer " + service.token.reveal()});
  out.timeout = request_timeout;
  out.body_bytes_max = answer_bytes_max;
  return out;
}

}  // namespace cardea::autocert::notifications
