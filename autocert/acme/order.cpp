#include "autocert/acme/order.hpp"

#include "autocert/acme/json.hpp"
#include "autocert/acme/problem.hpp"
#include "base/dns_name.hpp"
#include "base/ip_text.hpp"
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

struct failure {
  std::string sentence;
  std::string type;
};

failure failure_in(const json::object& from) {
  const json::object* error = object_member(from, "error");
  if (error == nullptr) return {};
  const std::string text = json::serialize(*error);
  const problem parsed = parse_problem(text, 0);
  return {parsed.sentence(), parsed.type};
}

// A token goes into file names, records and URLs: only the base64url alphabet (RFC 8555 section 8.1).
bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= 256 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// The names of a CA: lower-case A-labels, and no more than a client has to look at
// (draft-ietf-acme-dns-persist section 3.1; its first drafts had hyphens in the member's name).
std::vector<std::string> issuers_in(const json::object& from) {
  constexpr std::size_t issuers_max = 10;
  std::vector<std::string> out = text_array(from, "issuerDomainNames");
  if (out.empty()) out = text_array(from, "issuer-domain-names");
  const bool is_sound =
      out.size() <= issuers_max && std::all_of(out.begin(), out.end(), [](const auto& each) {
        return base::is_dns_name(each) && base::to_lower(each) == each;
      });
  return is_sound ? out : std::vector<std::string>();
}

std::optional<challenge> parse_challenge(const json::object& from) {
  failure why = failure_in(from);
  challenge out{text_member(from, "type"),
                text_member(from, "url"),
                text_member(from, "token"),
                parse_state(text_member(from, "status")),
                std::move(why.sentence),
                std::move(why.type),
                {}};
  if (out.type == "dns-persist-01") {
    out.issuers = issuers_in(from);
    out.token.clear();
    if (out.issuers.empty()) return std::nullopt;
  } else if (!is_token(out.token)) {
    return std::nullopt;
  }
  if (out.url.empty()) return std::nullopt;
  return out;
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
  out.profile = text_member(*parsed, "profile");
  failure why = failure_in(*parsed);
  out.failure = std::move(why.sentence);
  out.failure_type = std::move(why.type);
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
  if (const json::object* identifier = object_member(*parsed, "identifier")) {
    const std::string value = text_member(*identifier, "value");
    out.domain = text_member(*identifier, "type") == "ip" ? base::canonical_ip(value).value_or("")
                                                          : base::to_lower(value);
  }
  if (const json::value* list = parsed->if_contains("challenges"); list != nullptr && list->is_array()) {
    for (const json::value& each : list->get_array()) {
      if (!each.is_object() || out.challenges.size() == list_max) continue;
      if (auto next = parse_challenge(each.get_object())) out.challenges.push_back(std::move(*next));
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

bool authorization::is_forbidden_by_caa() const noexcept {
  return std::any_of(challenges.begin(), challenges.end(),
                     [](const challenge& each) { return each.failure_type == "caa"; });
}

std::string authorization::failure() const {
  const std::string begin = name() + ": ";
  for (const challenge& each : challenges)
    if (!each.failure.empty()) return begin + each.type + ": " + each.failure;
  return begin + std::string(to_text(status)) + ", and the CA did not say why";
}

std::string new_order_payload(const order_wish& wish) {
  json::array identifiers;
  for (const std::string& domain : wish.domains)
    identifiers.push_back({{"type", base::is_ip_text(domain) ? "ip" : "dns"}, {"value", domain}});
  json::object out{{"identifiers", std::move(identifiers)}};
  if (!wish.profile.empty()) out["profile"] = wish.profile;
  if (!wish.replaces.empty()) out["replaces"] = wish.replaces;
  return json::serialize(out);
}

}  // namespace cardea::autocert::acme
