#include "autocert/acme/problem.hpp"

#include "autocert/acme/json.hpp"

namespace cardea::autocert::acme {
namespace {

namespace json = boost::json;

constexpr std::string_view type_prefix = "urn:ietf:params:acme:error:";
constexpr std::size_t detail_bytes_max = 1'000;
constexpr std::size_t subproblems_max = 100;

// Another machine's words: they may not steer a terminal or flood a log.
std::string cleaned(std::string text) {
  text.resize(std::min(text.size(), detail_bytes_max));
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return text;
}

std::string short_type(std::string type) {
  if (type.starts_with(type_prefix)) type.erase(0, type_prefix.size());
  return cleaned(std::move(type));
}

}  // namespace

problem parse_problem(std::string_view body, int status) {
  problem out;
  out.status = status;
  const auto parsed = parse_object(body);
  if (!parsed) return out;
  out.type = short_type(text_member(*parsed, "type"));
  out.detail = cleaned(text_member(*parsed, "detail"));
  const json::value* list = parsed->if_contains("subproblems");
  if (list == nullptr || !list->is_array()) return out;
  for (const json::value& each : list->get_array()) {
    if (!each.is_object() || out.subproblems.size() == subproblems_max) continue;
    const json::object& one = each.get_object();
    const json::object* identifier = object_member(one, "identifier");
    out.subproblems.push_back({identifier != nullptr ? cleaned(text_member(*identifier, "value")) : "",
                               short_type(text_member(one, "type")), cleaned(text_member(one, "detail"))});
  }
  return out;
}

std::string problem::sentence() const {
  std::string out = "the CA answered " + std::to_string(status);
  if (!type.empty()) out += " " + type;
  if (!detail.empty()) out += ": " + detail;
  for (const subproblem& each : subproblems) {
    out += "; ";
    if (!each.identifier.empty()) out += each.identifier + ": ";
    out += each.type;
    if (!each.detail.empty()) out += ": " + each.detail;
  }
  return out;
}

base::error error_from(const problem& cause) {
  errc code = errc::rejected;
  if (cause.type == "rateLimited" || cause.status == 429) code = errc::rate_limited;
  if (cause.type == "accountDoesNotExist") code = errc::account_unknown;
  if (cause.type == "badNonce") code = errc::bad_nonce;
  if (cause.type == "orderNotReady") code = errc::order_not_ready;
  return {code, cause.sentence()};
}

}  // namespace cardea::autocert::acme
