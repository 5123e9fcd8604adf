#include "proxy/middleware/header_edits.hpp"

#include "base/text.hpp"
#include "proxy/middleware/template_text.hpp"

namespace cardea::proxy::middleware {
namespace {

// Values are made in a text that both sides of one worker use in turn; it keeps its memory.
std::string& workspace() {
  thread_local std::string text;
  text.clear();
  return text;
}

}  // namespace

std::optional<refusal> modify_request::on_request(edited_exchange& request, const route_facts& facts) const {
  if (!options_.add_prefix.empty() && request.path().starts_with('/')) {
    std::string& path = workspace();
    path = options_.add_prefix;
    path += request.path();
    request.set_path(path);
  }
  for (const auto& [name, value] : options_.set) {
    std::string& text = workspace();
    write_text(value, {request, facts, nullptr}, text);
    if (base::equal_ignoring_case(name, "host")) {
      if (!request.set_host(text)) return refusal{400};
      continue;
    }
    request.remove_field(name);
    request.add_field(name, text);
  }
  for (const auto& [name, value] : options_.add) {
    std::string& text = workspace();
    write_text(value, {request, facts, nullptr}, text);
    request.add_field(name, text);
  }
  for (const std::string& name : options_.hide) request.remove_field(name);
  return std::nullopt;
}

void modify_response::on_response(response_edit& response, const edited_exchange& request, const route_facts& facts) const {
  for (const auto& [name, value] : options_.set) {
    std::string& text = workspace();
    write_text(value, {request, facts, &response}, text);
    response.remove(name);
    response.add(name, text);
  }
  for (const auto& [name, value] : options_.add) {
    std::string& text = workspace();
    write_text(value, {request, facts, &response}, text);
    response.add(name, text);
  }
  for (const std::string& name : options_.hide) response.remove(name);
}

}  // namespace cardea::proxy::middleware
