#include "autocert/acme/order.hpp"

#include "autocert/acme/json.hpp"
#include "autocert/acme/problem.hpp"
#include "base/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace cardea::autocert::acme {
namespace {

namespace json = boost::json;

constexpr std::size_t list_max = 200;

constexpr std::array<std::pair<std::string_view, state>, 8> state_names{{{"pending", state::pending},
                                                                         {"ready", state::ready},
                                                                         {"processing", state::processing},
                                                                         {"valid", state::valid},
                                                                         {"invalid", state::invalid},
                                                                         {"deactivated", state::deactivated},
                                                                         {"expired", state::expired},
                                                                         {"revoked", state::revoked}}};

state parse_state(std::string_view text) {
  for (const auto& [name, value] : state_names)
    if (name == text) return value;
  return state::unknown;
}

std::string failure_in(const json::object& from) {
  const json::object* error = object_member(from, "error");
  if (error == nullptr) return {};
  const std::string text = json::serialize(*error);
  return parse_problem(text, 0).sentence();
}

// A token goes into file names, records and URLs: only the base64url alphabet (RFC 8555 section 8.1).
bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= 256 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

std::string_view to_text(state value) noexcept {
  for (const auto& [name, each] : state_names)
    if (each == value) return name;
  return "unknown";
}

base::result<order> parse_order(std::string_view body) {
  const auto parsed = parse_object(body);
  if (!parsed) return parsed.error().at("order");
  order out;
  out.status = parse_state(text_member(*parsed, "status"));
  out.authorizations = text_array(*parsed, "authorizations");
  out.authorizations.resize(std::min(out.authorizations.size(), list_max));
  out.finalize = text_member(*parsed, "finalize");
  out.certificate = text_member(*parsed, "certificate");
  out.failure = failure_in(*parsed);
  if (out.status == state::unknown || out.finalize.empty())
    return base::error(errc::malformed_answer, "the CA's order has no status or no finalize address");
  return out;
}

base::result<authorization> parse_authorization(std::string_view body) {
  const auto parsed = parse_object(body);
  if (!parsed) return parsed.error().at("authorization");
  authorization out;
  out.status = parse_state(text_member(*parsed, "status"));
  out.wildcard = true_member(*parsed, "wildcard");
  if (const json::object* identifier = object_member(*parsed, "identifier"))
    out.domain = base::to_lower(text_member(*identifier, "value"));
  if (const json::value* list = parsed->if_contains("challenges"); list != nullptr && list->is_array()) {
    for (const json::value& each : list->get_array()) {
      if (!each.is_object() || out.challenges.size() == list_max) continue;
      const json::object& one = each.get_object();
      challenge next{text_member(one, "type"), text_member(one, "url"), text_member(one, "token"),
                     parse_state(text_member(one, "status")), failure_in(one)};
      if (const json::object* error = object_member(one, "error"))
        next.failure_type = parse_problem(json::serialize(*error), 0).type;
      if (is_token(next.token) && !next.url.empty()) out.challenges.push_back(std::move(next));
    }
  }
  if (out.status == state::unknown || out.domain.empty())
    return base::error(errc::malformed_answer, "the CA's authorization has no status or no name");
  return out;
}

const challenge* authorization::find(std::string_view type) const noexcept {
  for (const challenge& each : challenges)
    if (each.type == type) return &each;
  return nullptr;
}

std::string authorization::failure_type() const {
  for (const challenge& each : challenges)
    if (!each.failure.empty()) return each.failure_type;
  return {};
}

std::string authorization::failure() const {
  const std::string begin = name() + ": ";
  for (const challenge& each : challenges)
    if (!each.failure.empty()) return begin + each.type + ": " + each.failure;
  return begin + std::string(to_text(status)) + ", and the CA did not say why";
}

std::string new_order_payload(const order_wish& wish) {
  json::array identifiers;
  for (const std::string& domain : wish.domains) identifiers.push_back({{"type", "dns"}, {"value", domain}});
  json::object out{{"identifiers", std::move(identifiers)}};
  if (!wish.profile.empty()) out["profile"] = wish.profile;
  if (!wish.replaces.empty()) out["replaces"] = wish.replaces;
  return json::serialize(out);
}

}  // namespace cardea::autocert::acme
