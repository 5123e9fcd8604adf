#include "proxy/access_log/format.hpp"

#include "base/text.hpp"
#include "proxy/access_log/fields.hpp"
#include "proxy/access_log/line.hpp"

#include <algorithm>
#include <array>

namespace cardea::proxy::access_log {
namespace {

using config::access_log_section;
using config::field_mode;

// A decoded name or value of a query is looked at so far.
constexpr std::size_t decoded_bytes_max = 2'048;

std::string_view header(const entry& what, std::string_view name) noexcept {
  if (what.head == nullptr) return {};
  for (const http::field& each : what.head->fields)
    if (each.name_size == name.size() && base::equal_ignoring_case(http::name_of(each, what.bytes), name))
      return http::value_of(each, what.bytes);
  return {};
}

std::string_view path_of(const entry& what) noexcept {
  const std::string_view target = what.target();
  return target.substr(0, target.find('?'));
}

std::string_view query_of(const entry& what) noexcept {
  const std::string_view target = what.target();
  const auto mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
}

bool shows_all(const config::field_policy& query) noexcept {
  return query.named.empty() && query.otherwise == field_mode::keep;
}

// Where a query stands that is not taken apart, none of it is shown that might have to be hidden.
std::string_view without_query(const config::field_policy& query, std::string_view text) noexcept {
  return shows_all(query) ? text : text.substr(0, text.find('?'));
}

void put_word_or_dash(line& to, std::string_view value) noexcept {
  if (value.empty())
    to.put('-');
  else
    to.put_word(value);
}

void put_query(line& to, const config::field_policy& policy, std::string_view query) noexcept {
  if (shows_all(policy)) {
    to.put('?');
    return to.put_word(query);
  }
  char separator = '?';
  query_parameter each;
  while (take_parameter(query, each) && to.has_room()) {
    const field_mode mode = mode_of_parameter(policy, each.name);
    if (mode == field_mode::drop) continue;
    to.put(separator);
    separator = '&';
    to.put_word(each.name);
    if (!each.has_value) continue;
    to.put('=');
    to.put_word(mode == field_mode::redact ? redacted : each.value);
  }
}

// The request line as it came, with what the log may show of its query.
void put_request_line(line& to, const access_log_section& how, const entry& what) noexcept {
  to.put('"');
  if (what.head == nullptr) {
    put_word_or_dash(to, without_query(how.query, what.first_line));
  } else {
    to.put_word(what.method());
    to.put(' ');
    put_word_or_dash(to, path_of(what));
    if (const std::string_view query = query_of(what); !query.empty()) put_query(to, how.query, query);
    to.put(' ');
    to.put(what.protocol());
  }
  to.put('"');
}

void put_words(line& to, const access_log_section& how, const entry& what, std::string_view time) noexcept {
  put_word_or_dash(to, what.host());
  to.put(' ');
  to.put_word(what.address());
  to.put(" - - [");
  to.put(time);
  to.put("] ");
  put_request_line(to, how, what);
  to.put(' ');
  to.put_number(what.status);
  to.put(' ');
  to.put_number(what.response_bytes);
  if (how.format == config::access_log_format::common) return;
  to.put(" \"");
  put_word_or_dash(to, without_query(how.query, header(what, "referer")));
  to.put("\" \"");
  put_word_or_dash(to, header(what, "user-agent"));
  to.put('"');
}

void put_key(line& to, std::string_view name) noexcept {
  to.put(",\"");
  to.put(name);
  to.put("\":");
}

void put_text(line& to, std::string_view name, std::string_view value) noexcept {
  put_key(to, name);
  to.put_json_string(value);
}

void put_number(line& to, std::string_view name, std::uint64_t value) noexcept {
  put_key(to, name);
  to.put_number(value);
}

// "a": ["1", "2"] for each name, in the order of their first.
template <class Same, class Name, class Value>
void put_lists(line& to, std::string_view key, const field_list& fields, Same same, Name put_name, Value put_value) noexcept {
  if (fields.begin() == fields.end()) return;
  put_key(to, key);
  to.put('{');
  bool is_first = true;
  for (const shown_field* one = fields.begin(); one != fields.end(); ++one) {
    const auto has_its_name = [&](const shown_field& other) { return same(other.name, one->name); };
    if (std::any_of(fields.begin(), one, has_its_name)) continue;
    if (!to.has_room()) break;
    if (!is_first) to.put(',');
    is_first = false;
    put_name(one->name);
    to.put(":[");
    put_value(*one);
    for (const shown_field* other = one + 1; other != fields.end() && to.has_room(); ++other) {
      if (!has_its_name(*other)) continue;
      to.put(',');
      put_value(*other);
    }
    to.put(']');
  }
  to.put('}');
}

void put_json_query(line& to, const config::field_policy& policy, std::string_view query) noexcept {
  field_list fields;
  list_query(policy, query, fields);
  const auto put_decoded = [&](std::string_view text) {
    std::array<char, decoded_bytes_max> memory;
    to.put_json_string(decode_into(text, memory.data(), memory.size()));
  };
  put_lists(to, "query", fields, same_decoded, put_decoded, [&](const shown_field& each) {
    if (each.is_redacted)
      to.put_json_string(redacted);
    else
      put_decoded(each.value);
  });
}

void put_json_headers(line& to, const config::field_policy& policy, const entry& what) noexcept {
  field_list fields;
  list_headers(policy, what, fields);
  const auto same = [](std::string_view left, std::string_view right) { return base::equal_ignoring_case(left, right); };
  // One spelling for all protocols: HTTP/2 has small letters only.
  const auto put_name = [&](std::string_view name) {
    to.put('"');
    bool begins = true;
    for (const char c : name.substr(0, 128)) {
      const bool raise = begins && c >= 'a' && c <= 'z';
      const char one = raise ? static_cast<char>(c - 'a' + 'A') : begins ? c : base::to_lower(c);
      to.put_json({&one, 1});
      begins = c == '-';
    }
    to.put('"');
  };
  put_lists(to, "headers", fields, same, put_name,
            [&](const shown_field& each) { to.put_json_string(each.is_redacted ? redacted : each.value); });
}

void put_json_cookies(line& to, const config::field_policy& policy, const entry& what) noexcept {
  field_list fields;
  list_cookies(policy, what, fields);
  if (fields.begin() == fields.end()) return;
  put_key(to, "cookies");
  to.put('{');
  for (const shown_field* one = fields.begin(); one != fields.end() && to.has_room(); ++one) {
    // RFC 6265 lets a server see a name twice; the first is the more specific one.
    if (std::any_of(fields.begin(), one, [&](const shown_field& other) { return other.name == one->name; })) continue;
    if (one != fields.begin()) to.put(',');
    to.put_json_string(one->name);
    to.put(':');
    to.put_json_string(one->is_redacted ? redacted : one->value);
  }
  to.put('}');
}

void put_duration(line& to, std::uint64_t microseconds) noexcept {
  put_key(to, "duration_ms");
  to.put_number(microseconds / 1'000);
  to.put('.');
  const std::uint64_t rest = microseconds % 1'000;
  for (const std::uint64_t digit : {rest / 100, rest / 10 % 10, rest % 10}) to.put(static_cast<char>('0' + digit));
}

void put_backend(line& to, const entry& what) noexcept {
  if (!what.route.empty()) put_text(to, "route", what.route);
  if (what.backend_port == 0) return;
  put_key(to, "upstream");
  to.put('"');
  const bool is_ipv6 = what.backend_host.find(':') != std::string_view::npos;
  if (is_ipv6) to.put('[');
  to.put_json(what.backend_host);
  if (is_ipv6) to.put(']');
  to.put(':');
  to.put_number(what.backend_port);
  to.put('"');
}

void put_json(line& to, const access_log_section& how, const entry& what, std::string_view time) noexcept {
  to.put(R"({"level":"info")");
  put_text(to, "time", time);
  put_text(to, "ip", what.address());
  put_text(to, "method", what.method());
  put_text(to, "scheme", what.client->secure ? "https" : "http");
  put_text(to, "host", what.host());
  put_text(to, "path", what.head != nullptr ? path_of(what) : without_query(how.query, what.first_line));
  put_text(to, "protocol", what.protocol());
  put_number(to, "status", what.status);
  put_text(to, "type", what.content_type);
  put_number(to, "size", what.response_bytes);
  put_text(to, "referer", without_query(how.query, header(what, "referer")));
  put_text(to, "useragent", header(what, "user-agent"));
  put_duration(to, what.microseconds);
  put_number(to, "request_size", what.request_bytes);
  put_key(to, "complete");
  to.put(what.complete ? "true" : "false");
  if (what.client->secure && !what.client->server_name.empty()) put_text(to, "server_name", what.client->server_name);
  put_backend(to, what);
  if (const std::string_view query = query_of(what); !query.empty()) put_json_query(to, how.query, query);
  put_json_headers(to, how.headers, what);
  put_json_cookies(to, how.cookies, what);
  to.put('}');
}

}  // namespace

std::size_t write_line(const access_log_section& how, const entry& what, std::string_view time, char* to,
                       std::size_t size) noexcept {
  line out(to, size);
  if (how.format == config::access_log_format::json)
    put_json(out, how, what, time);
  else
    put_words(out, how, what, time);
  out.put('\n');
  return out.size();
}

}  // namespace cardea::proxy::access_log
