#include "autocert/acme/problem.hpp"

#include "autocert/acme/json.hpp"

#include <algorithm>
#include <array>

namespace cardea::autocert::acme {
namespace {

namespace json = boost::json;

constexpr std::string_view type_prefix = "urn:ietf:params:acme:error:";
constexpr std::size_t detail_bytes_max = 1'000;
constexpr std::size_t subproblems_max = 100;
constexpr std::size_t sentence_bytes_max = 4'000;

// Cut between two characters: half of one would make a WebSocket's text frame invalid.
std::string shortened(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text;
}

// Another machine's words: they may not steer a terminal (C0 and, as UTF-8, C1
// control characters) or flood a log. The JSON parser let only valid UTF-8 through.
std::string cleaned(std::string text) {
  text = shortened(std::move(text), detail_bytes_max);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    const bool is_c1 = byte == 0xC2 && next < 0xA0;
    if (byte < 0x20 || byte == 0x7f || is_c1) text[i] = ' ';
    if (is_c1) text[i + 1] = ' ';
  }
  return text;
}

// A problem inside of an order or a challenge came with no status line of its own.
int status_member(const json::object& from) {
  const json::value* found = from.if_contains("status");
  const bool plausible =
      found != nullptr && found->is_int64() && found->get_int64() >= 100 && found->get_int64() <= 599;
  return plausible ? static_cast<int>(found->get_int64()) : 0;
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
  if (status == 0) out.status = status_member(*parsed);
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
  std::string out = status != 0 ? "the CA answered " + std::to_string(status) : "";
  if (!type.empty()) out += (out.empty() ? "" : " ") + type;
  if (!detail.empty()) out += (out.empty() ? "" : ": ") + detail;
  if (out.empty()) out = "the CA gave no reason";
  if (retry_after) out += "; it asks to wait " + std::to_string(retry_after->count()) + " seconds";
  for (const subproblem& each : subproblems) {
    out += "; ";
    if (!each.identifier.empty()) out += each.identifier + ": ";
    out += each.type;
    if (!each.detail.empty()) out += ": " + each.detail;
  }
  return shortened(std::move(out), sentence_bytes_max);
}

bool is_lasting(std::string_view type) {
  // RFC 8555 section 6.7, and the profiles draft.
  constexpr std::array<std::string_view, 11> types{"badCSR",
                                                   "badPublicKey",
                                                   "badSignatureAlgorithm",
                                                   "caa",
                                                   "invalidContact",
                                                   "invalidProfile",
                                                   "rejectedIdentifier",
                                                   "externalAccountRequired",
                                                   "unsupportedContact",
                                                   "unsupportedIdentifier",
                                                   "userActionRequired"};
  return std::find(types.begin(), types.end(), type) != types.end();
}

setback setback_from(const problem& cause, const std::vector<std::string>& domains) {
  setback out;
  out.retry_after = cause.retry_after;
  if (cause.type == "rateLimited" || cause.status == 429)
    out.is = setback::kind::limited;
  else if (cause.status >= 500)
    out.is = setback::kind::unreachable;
  else if (is_lasting(cause.type))
    out.is = setback::kind::lasting;
  for (const problem::subproblem& each : cause.subproblems)
    if (std::find(domains.begin(), domains.end(), each.identifier) != domains.end())
      out.names.push_back(each.identifier);
  return out;
}

// Several names may have several problems; any of this type is one for the operator's DNS.
bool is_caa(const problem& cause) noexcept {
  if (cause.type == "caa") return true;
  for (const problem::subproblem& each : cause.subproblems)
    if (each.type == "caa") return true;
  return false;
}

base::error error_from(const problem& cause) {
  errc code = is_caa(cause) ? errc::forbidden_by_caa : errc::rejected;
  if (cause.type == "rateLimited" || cause.status == 429) code = errc::rate_limited;
  if (cause.type == "accountDoesNotExist") code = errc::account_unknown;
  if (cause.type == "badNonce") code = errc::bad_nonce;
  if (cause.type == "orderNotReady") code = errc::order_not_ready;
  if (cause.type == "alreadyReplaced") code = errc::already_replaced;
  return {code, cause.sentence()};
}

}  // namespace cardea::autocert::acme
