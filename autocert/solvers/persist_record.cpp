#include "autocert/solvers/persist_record.hpp"

#include "base/crypto.hpp"
#include "base/dns_name.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <set>

namespace cardea::autocert::solvers {
namespace {

constexpr std::string_view blanks = " \t";
constexpr std::size_t text_bytes_max = 4'096;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// Letters and digits with hyphens between them.
bool is_tag(std::string_view text) {
  const auto is_alnum = [](char c) {
    c = base::to_lower(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && is_alnum(text.front()) && is_alnum(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return is_alnum(c) || c == '-'; });
}

bool is_value(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x21 && c <= 0x7e && c != ';'; });
}

std::optional<base::wall_time> time_of(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  // What a clock can hold: a later end is no end.
  constexpr std::int64_t seconds_max = 9'000'000'000;
  if (failure != std::errc{} || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return base::wall_time(std::chrono::seconds(std::min(seconds, seconds_max)));
}

base::error malformed(std::string what) { return {base::errc::protocol, "malformed: " + std::move(what)}; }

base::result<void> take(persist_record& into, const std::string& tag, std::string_view value) {
  if (tag == "accounturi") {
    into.account_uri = std::string(value);
  } else if (tag == "policy") {
    into.wildcard = base::equal_ignoring_case(value, "wildcard");
  } else if (tag == "persistuntil") {
    into.persist_until = time_of(value);
    if (!into.persist_until) return malformed("persistUntil is not a number of seconds");
  }
  return {};
}

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : "; ") + part;
  return out;
}

}  // namespace

base::result<persist_record> persist_record::parse(std::string_view text) {
  if (text.size() > text_bytes_max) return malformed("longer than 4096 bytes");
  persist_record out;
  const auto end = text.find(';');
  out.issuer = base::normalise_dns_name(trimmed(text.substr(0, end)));
  if (!base::is_dns_name(out.issuer)) return malformed("it does not begin with the name of a CA");
  std::set<std::string> seen;
  std::string_view left = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  while (!trimmed(left).empty()) {
    const auto next = left.find(';');
    const std::string_view one = trimmed(left.substr(0, next));
    const auto equals = one.find('=');
    const std::string_view tag = trimmed(one.substr(0, equals));
    const std::string_view value = equals == std::string_view::npos ? "" : trimmed(one.substr(equals + 1));
    if (!is_tag(tag) || !is_value(value)) return malformed("a parameter without a tag or a value");
    const std::string name = base::to_lower(tag);
    if (!seen.insert(name).second) return malformed(std::string(tag) + " stands twice");
    if (const auto taken = take(out, name, value); !taken) return taken.error();
    if (next == std::string_view::npos) break;
    left.remove_prefix(next + 1);
    if (trimmed(left).empty()) return malformed("it ends with an empty parameter");
  }
  if (out.account_uri.empty()) return malformed("no accounturi");
  return out;
}

std::string persist_record::to_text() const {
  std::string out = issuer + "; accounturi=" + account_uri;
  if (wildcard) out += "; policy=wildcard";
  if (persist_until)
    out += "; persistUntil=" + std::to_string(std::chrono::system_clock::to_time_t(*persist_until));
  return out;
}

base::result<persist_record> choose_record(const std::vector<std::string>& values,
                                           const persist_demand& demand, base::wall_time now) {
  std::vector<std::string> reasons;
  for (const std::string& each : values) {
    const std::string_view name = trimmed(std::string_view(each).substr(0, each.find(';')));
    const std::string issuer = base::normalise_dns_name(name);
    // A record of another CA is nobody's mistake.
    if (std::find(demand.issuers.begin(), demand.issuers.end(), issuer) == demand.issuers.end()) continue;
    auto found = persist_record::parse(each);
    if (!found) {
      reasons.push_back("the record for " + issuer + " is " + found.error().message());
      continue;
    }
    const auto& ours = demand.account_uris;
    if (std::find(ours.begin(), ours.end(), found->account_uri) == ours.end())
      reasons.push_back("the record is for another account, " + found->account_uri);
    else if (demand.wildcard && !found->wildcard)
      reasons.emplace_back("the record lacks policy=wildcard");
    else if (found->persist_until && *found->persist_until <= now)
      reasons.push_back("the record has ended at " + base::to_rfc3339(*found->persist_until));
    else
      return std::move(*found);
  }
  if (reasons.empty()) reasons.emplace_back("there is no record for the CA");
  return base::error(base::errc::not_found, joined(reasons));
}

std::string account_uri_of(std::string_view account_url, std::string_view thumbprint, std::string_view domain,
                           std::string_view hash_prefix) {
  if (hash_prefix.empty()) return std::string(account_url);
  std::string bytes(1, static_cast<char>(domain.size()));
  bytes.append(domain).append(thumbprint).append(account_url);
  const auto digest = base::sha256(bytes);
  return std::string(hash_prefix) + "sha-256/" + base::base64url(digest);
}

}  // namespace cardea::autocert::solvers
