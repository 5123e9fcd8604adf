#include "config/sections/read_notification.hpp"

#include "base/fetch_message.hpp"
#include "base/fetch_target.hpp"
#include "base/json_text.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>

namespace cardea::config {
namespace {

// Discord's own limits (title 256, description 4096) are far above what is said here.
constexpr std::string_view discord_payload =
    R"({"embeds":[{"title":$title,"description":$message,"color":$color}]})";
constexpr std::size_t services_max = 100;
constexpr std::size_t headers_max = 32;
constexpr std::size_t payload_bytes_max = 64 * 1024;

template <class T, std::size_t N>
using words = std::array<std::pair<std::string_view, T>, N>;

constexpr words<notification_service, 3> services{{{"gotify", notification_service::gotify},
                                                   {"ntfy", notification_service::ntfy},
                                                   {"webhook", notification_service::webhook}}};
constexpr words<notification_format, 2> formats{
    {{"markdown", notification_format::markdown}, {"plain", notification_format::plain}}};
constexpr words<payload_type, 6> mime_types{{{"application/json", payload_type::json},
                                             {"application/x-www-form-urlencoded", payload_type::form},
                                             {"text/plain", payload_type::text},
                                             {"json", payload_type::json},
                                             {"form", payload_type::form},
                                             {"text", payload_type::text}}};
constexpr words<bool, 2> color_modes{{{"hex", false}, {"dec", true}}};
constexpr words<std::string_view, 3> methods{{{"get", "GET"}, {"post", "POST"}, {"put", "PUT"}}};

class notification_reader {
 public:
  explicit notification_reader(const value& from) : keys_(from) {}

  notification_section read() {
    keys_.read_non_empty("name", out_.name);
    if (out_.name.empty()) require("name", "it tells the services apart in the log");
    const bool is_known = read_service();
    read_url();
    if (const auto found = keys_.take("token")) out_.token = base::secret(found->text().value_or(""));
    read_word("format", formats, out_.format);
    if (is_known) read_own_keys();
    if (is_known) keys_.finish();  // which keys there may be is known then
    return std::move(out_);
  }

 private:
  void require(std::string_view key, std::string_view reason) {
    const place at = keys_.place_of(key);
    keys_.whole().sink().error({errc::missing_field, std::string(at.file), at.at, at.path,
                                fmt::format("missing field {}: {}", key, reason)});
  }

  // One of some words, compared without case; false when it is another.
  template <class T, std::size_t N, class Into>
  bool read_word(std::string_view key, const words<T, N>& known, Into& into) {
    const auto found = keys_.take(key);
    const auto text = found ? found->text() : std::nullopt;
    if (!text || text->empty()) return false;
    std::string all;
    for (const auto& [word, means] : known) {
      if (base::equal_ignoring_case(word, *text)) {
        into = Into(means);
        return true;
      }
      all += (all.empty() ? "" : ", ") + std::string(word);
    }
    found->expected(all, *text == "discord" ? "write provider: webhook and template: discord" : "");
    return false;
  }

  bool read_service() {
    if (!keys_.take("provider")) require("provider", "gotify, ntfy or webhook");
    return read_word("provider", services, out_.service);
  }

  // What stands there is never shown: it may hold a token.
  void read_url() {
    const auto found = keys_.take("url");
    const auto text = found ? found->text() : std::nullopt;
    if (!found || (text && text->empty())) return require("url", "an http:// or https:// address");
    if (!text) return;
    if (base::parse_fetch_target(*text))
      out_.url = base::secret(*text);
    else
      found->fail(errc::invalid_value, "expected an http:// or https:// address without user and password");
  }

  void read_own_keys() {
    switch (out_.service) {
      case notification_service::gotify:
        if (out_.token.empty()) require("token", "gotify needs that of an application");
        return;
      case notification_service::ntfy:
        return read_topic();
      case notification_service::webhook:
        return read_webhook();
    }
  }

  void read_topic() {
    const auto found = keys_.take("topic");
    const auto text = found ? found->text() : std::nullopt;
    if (!text || text->empty()) return require("topic", "ntfy needs it");
    if (text->find_first_of("/?# ") != std::string::npos)
      found->expected("the name of a topic", "without a slash or blank");
    else
      out_.topic = *text;
  }

  void read_webhook() {
    bool is_discord = false;
    read_word("template", words<bool, 1>{{{"discord", true}}}, is_discord);
    std::string_view method = out_.method;
    read_word("method", methods, method);
    read_word("mime_type", mime_types, out_.mime_type);
    read_word("color_mode", color_modes, out_.decimal_color);
    out_.method = std::string(method);
    if (is_discord) {
      out_.method = "POST";
      out_.mime_type = payload_type::json;
      out_.decimal_color = true;
    }
    read_headers();
    read_payload(is_discord);
  }

  void read_payload(bool is_discord) {
    const auto found = keys_.take("payload");
    const bool is_text = found && found->tree().kind == node_kind::scalar && !found->tree().text.empty();
    if (!is_text) {
      if (found && !found->is_null() && found->tree().kind != node_kind::scalar)
        found->expected("text; a block (payload: |) keeps its lines");
      else if (!is_discord)
        require("payload", "text with $title, $message, $fields and $color, or template: discord");
      out_.payload = base::secret(std::string(discord_payload));
      return;
    }
    if (found->tree().unresolved) return;
    const std::string& text = found->tree().text;
    if (text.size() > payload_bytes_max)
      return found->fail(errc::limit_exceeded, fmt::format("longer than {} bytes", payload_bytes_max));
    const payload_values sample{"\"\"", "\"\"", "[]", out_.decimal_color ? "255" : "#0000ff"};
    if (out_.mime_type == payload_type::json && !base::is_json(fill_payload(text, sample)))
      return found->fail(errc::invalid_value,
                         "not JSON once $title, $message and $fields (with quotes) and $color (without) "
                         "are replaced; write $title, not \"$title\"");
    out_.payload = base::secret(text);
  }

  void read_headers() {
    const auto found = keys_.take("headers");
    const auto section = found && !found->is_null() ? found->as_mapping() : std::nullopt;
    if (!section) return;
    if (section->tree().members.size() > headers_max)
      return found->fail(errc::limit_exceeded, fmt::format("more than {} fields", headers_max));
    mapping fields(*section);
    for (const member& one : section->tree().members) {
      const auto field = fields.take(one.key);
      const auto text = field && field->tree().kind == node_kind::scalar ? field->text() : std::nullopt;
      if (!text) continue;
      base::fetch_request probe;
      probe.url = "http://localhost/";
      probe.headers.push_back({one.key, *text});
      if (base::check_fetch_request(probe))
        out_.headers.emplace_back(one.key, base::secret(*text));
      else
        field->fail(errc::invalid_value, "not a field that may be set here");
    }
  }

  mapping keys_;
  notification_section out_;
};

}  // namespace

std::vector<notification_section> read_notifications(const value& from) {
  std::vector<notification_section> out;
  std::map<std::string, position> names;
  const auto items = from.items();
  if (items.size() > services_max) {
    from.fail(errc::limit_exceeded, fmt::format("more than {} services", services_max));
    return out;
  }
  for (const value& item : items) {
    const auto section = item.as_mapping();
    if (!section) {
      if (item.is_null()) item.expected("a mapping with name, provider and url");
      continue;
    }
    notification_section one = notification_reader(*section).read();
    const auto [known, is_new] = names.try_emplace(one.name, item.where().at);
    if (!is_new && !one.name.empty())
      item.fail(errc::duplicate, fmt::format("duplicate name, first at line {}, column {}", known->second.line,
                                             known->second.column));
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace cardea::config
