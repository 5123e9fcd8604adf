#include "config/sections/challenge_choice.hpp"

#include "base/dns_name.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace cardea::config {

std::vector<challenge_type> challenges_of(const certificate_request& request) {
  if (!request.challenges.empty()) return request.challenges;
  if (request.provider == "custom")
    return {challenge_type::http01, challenge_type::tls_alpn01, challenge_type::dns01};
  return {challenge_type::dns01};
}

std::string why_unprovable(const certificate_request& request, std::string_view domain) {
  const auto types = challenges_of(request);
  if (std::any_of(types.begin(), types.end(), [&](challenge_type each) { return can_prove(each, domain); }))
    return {};
  std::string listed;
  for (const challenge_type each : types) listed += (listed.empty() ? "" : ", ") + std::string(to_text(each));
  return base::is_wildcard(domain)
             ? fmt::format(
                   "a wildcard is proven by dns-01, dns-account-01 or dns-persist-01; challenge is {}",
                   listed)
             : fmt::format("an IP address is proven by http-01 or tls-alpn-01; challenge is {}", listed);
}

}  // namespace cardea::config
