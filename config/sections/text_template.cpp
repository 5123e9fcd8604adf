#include "config/sections/text_template.hpp"

#include "base/text.hpp"
#include "config/scalars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace cardea::config {
namespace {

using value = template_value;

struct named_value {
  std::string_view name;
  template_value means;
  bool of_response = false;
};
constexpr std::array<named_value, 22> variables{{
    {"req_method", value::req_method},
    {"req_scheme", value::req_scheme},
    {"req_host", value::req_host},
    {"req_port", value::req_port},
    {"req_addr", value::req_addr},
    {"req_path", value::req_path},
    {"req_query", value::req_query},
    {"req_url", value::req_url},
    {"req_uri", value::req_uri},
    {"req_content_type", value::req_content_type},
    {"req_content_length", value::req_content_length},
    {"remote_host", value::remote_host},
    {"remote_port", value::remote_port},
    {"remote_addr", value::remote_addr},
    {"upstream_name", value::upstream_name},
    {"upstream_scheme", value::upstream_scheme},
    {"upstream_host", value::upstream_host},
    {"upstream_port", value::upstream_port},
    {"upstream_addr", value::upstream_addr},
    {"upstream_url", value::upstream_url},
    {"status_code", value::status_code, true},
    {"resp_content_type", value::resp_content_type, true},
}};
constexpr named_value response_length{"resp_content_length", value::resp_content_length, true};
constexpr std::array<named_value, 3> functions{{
    {"header", value::header},
    {"resp_header", value::resp_header, true},
    {"arg", value::arg},
}};
constexpr std::array<named_value, 6> location_variables{{
    {"scheme", value::req_scheme},
    {"host", value::req_host},
    {"port", value::req_port},
    {"path", value::req_path},
    {"query", value::query_part},
    {"uri", value::req_uri},
}};

bool is_name(char c) noexcept { return (base::to_lower(c) >= 'a' && base::to_lower(c) <= 'z') || c == '_' || (c >= '0' && c <= '9'); }

std::string_view name_at(std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && is_name(text[size])) ++size;
  return text.substr(0, size);
}

void add_literal(text_template& to, std::string_view text) {
  if (text.empty()) return;
  if (to.parts.empty() || to.parts.back().value != value::literal) to.parts.push_back({});
  to.parts.back().text += text;
}

const named_value* find_variable(std::string_view name, bool for_response) noexcept {
  const auto fits = [&](const named_value& each) { return each.name == name && (for_response || !each.of_response); };
  const auto* const at = std::find_if(variables.begin(), variables.end(), fits);
  if (at != variables.end()) return at;
  return fits(response_length) ? &response_length : nullptr;
}

const named_value* find_function(std::string_view name, bool for_response) noexcept {
  const auto* const at = std::find_if(functions.begin(), functions.end(), [&](const named_value& each) {
    return each.name == name && (for_response || !each.of_response);
  });
  return at == functions.end() ? nullptr : at;
}

// What stands within the parentheses at the begin of `text`; nothing without any.
std::optional<std::string_view> argument_at(std::string_view text) noexcept {
  if (!text.starts_with('(')) return std::nullopt;
  const auto end = text.find(')');
  if (end == std::string_view::npos) return std::nullopt;
  return text.substr(1, end - 1);
}

/// A location or a path: what is not one of its variables is an error.
class location_parser {
 public:
  location_parser(std::string_view text, std::span<const std::string> parameters, bool has_rest, bool is_path)
      : text_(text), parameters_(parameters), has_rest_(has_rest), is_path_(is_path) {}

  parsed_location parse() {
    for (at_ = 0; at_ < text_.size() && why_.empty();) {
      const char c = text_[at_];
      if (c == '$')
        take_variable();
      else if (c == '{')
        take_parameter();
      else
        take_byte(c);
    }
    if (why_.empty()) check_begin();
    if (!why_.empty()) return {std::nullopt, why_};
    return {std::move(out_), {}};
  }

 private:
  void take_byte(char c) {
    static constexpr std::string_view allowed = "-._~:/@!&'()*+,;=%?#[]";
    const bool is_plain = (base::to_lower(c) >= 'a' && base::to_lower(c) <= 'z') || (c >= '0' && c <= '9') ||
                          allowed.find(c) != std::string_view::npos;
    if (!is_plain || (is_path_ && (c == '?' || c == '#'))) {
      why_ = fmt::format("'{}' cannot stand here; write it as %XX", c);
      return;
    }
    add_literal(out_, text_.substr(at_, 1));
    ++at_;
  }

  void take_variable() {
    const std::string_view rest = text_.substr(at_ + 1);
    if (rest.starts_with('$')) {
      add_literal(out_, "$");
      at_ += 2;
      return;
    }
    const std::string_view name = name_at(rest);
    const auto* const at = std::find_if(location_variables.begin(), location_variables.end(),
                                        [&](const named_value& each) { return each.name == name; });
    if (name == "rest" && has_rest_) {
      out_.parts.push_back({value::rest});
    } else if (at != location_variables.end() && !is_path_) {
      out_.parts.push_back({at->means});
    } else {
      why_ = fmt::format("${} is no variable here", name);
      return;
    }
    at_ += 1 + name.size();
  }

  void take_parameter() {
    const auto end = text_.find('}', at_);
    const std::string_view name = text_.substr(at_ + 1, end == std::string_view::npos ? 0 : end - at_ - 1);
    const auto known = std::find(parameters_.begin(), parameters_.end(), name);
    if (end == std::string_view::npos || known == parameters_.end()) {
      why_ = fmt::format("{{{}}} is no parameter of the pattern", name);
      return;
    }
    out_.parts.push_back({value::parameter, {}, static_cast<std::size_t>(known - parameters_.begin())});
    at_ = end + 1;
  }

  static bool begins_with_slash(const template_part& part) noexcept {
    if (part.value == value::literal) return part.text.starts_with('/');
    return part.value == value::req_path || part.value == value::req_uri || part.value == value::rest;
  }

  void check_begin() {
    if (out_.parts.empty()) {
      why_ = "it is empty";
      return;
    }
    const template_part& first = out_.parts.front();
    if (begins_with_slash(first)) {
      // `//name` would be another host.
      if (first.value == value::literal && first.text.starts_with("//")) why_ = "it begins with two slashes";
      return;
    }
    if (is_path_ || first.value != value::literal) {
      why_ = is_path_ ? "it has to begin with a slash" : "it has to begin with a slash, http:// or https://";
      return;
    }
    check_authority();
  }

  // After the scheme: a literal, or $host and maybe a literal port, and then an end that no client writes.
  void check_authority() {
    const std::string& first = out_.parts.front().text;
    const std::size_t scheme = first.starts_with("https://") ? 8 : first.starts_with("http://") ? 7 : 0;
    if (scheme == 0) {
      why_ = "it has to begin with a slash, http:// or https://";
      return;
    }
    std::string authority = first.substr(scheme);
    std::size_t next = 1;
    const bool has_variable = authority.empty() && out_.parts.size() > 1 && out_.parts[1].value == value::req_host;
    if (has_variable) {
      next = 2;
      authority = next < out_.parts.size() && out_.parts[next].value == value::literal ? out_.parts[next++].text : "";
    }
    const auto end = std::min(authority.find_first_of("/?#"), authority.size());
    const bool ends_in_literal = end < authority.size();
    authority.resize(end);
    const bool ends_well = ends_in_literal || next == out_.parts.size() || begins_with_slash(out_.parts[next]) ||
                           out_.parts[next].value == value::query_part;
    const bool is_sound = has_variable ? authority.empty() || is_host_with_optional_port("host" + authority)
                                       : is_host_with_optional_port(authority);
    if (!ends_well)
      why_ = "a variable must not follow the host; put a slash between them";
    else if (!is_sound || (has_variable && !authority.empty() && authority.front() != ':'))
      why_ = "the host has to be a name or an address, or $host, maybe with a port";
  }

  std::string_view text_;
  std::span<const std::string> parameters_;
  bool has_rest_;
  bool is_path_;
  std::size_t at_ = 0;
  text_template out_;
  std::string why_;
};

}  // namespace

bool text_template::is_literal() const noexcept {
  return std::all_of(parts.begin(), parts.end(), [](const auto& each) { return each.value == value::literal; });
}

text_template parse_field_template(std::string_view text, bool for_response, std::vector<std::string>& unknown) {
  text_template out;
  while (!text.empty()) {
    const auto dollar = std::min(text.find('$'), text.size());
    add_literal(out, text.substr(0, dollar));
    text.remove_prefix(dollar);
    if (text.empty()) break;
    if (text.starts_with("$$")) {
      add_literal(out, "$");
      text.remove_prefix(2);
      continue;
    }
    const std::string_view name = name_at(text.substr(1));
    const std::string_view behind = text.substr(1 + name.size());
    const auto argument = argument_at(behind);
    if (const named_value* called = argument ? find_function(name, for_response) : nullptr) {
      out.parts.push_back({called->means, std::string(base::trim(*argument))});
      text = behind.substr(argument->size() + 2);
    } else if (const named_value* found = find_variable(name, for_response)) {
      out.parts.push_back({found->means});
      text = behind;
    } else {
      if (!name.empty()) unknown.push_back("$" + std::string(name));
      add_literal(out, text.substr(0, 1 + name.size()));
      text = behind;
    }
  }
  return out;
}

parsed_location parse_location(std::string_view text, std::span<const std::string> parameters, bool has_rest) {
  return location_parser(text, parameters, has_rest, false).parse();
}

parsed_location parse_rewrite(std::string_view text, std::span<const std::string> parameters, bool has_rest) {
  return location_parser(text, parameters, has_rest, true).parse();
}

}  // namespace cardea::config
