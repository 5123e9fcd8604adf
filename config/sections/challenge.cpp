#include "config/sections/challenge.hpp"

#include "base/dns_name.hpp"
#include "base/ip_text.hpp"
#include "base/text.hpp"

#include <array>

namespace cardea::config {
namespace {

constexpr std::array<std::string_view, 5> names{"dns-01", "http-01", "tls-alpn-01", "dns-account-01",
                                                "dns-persist-01"};

bool is_by_dns(challenge_type type) noexcept {
  return type != challenge_type::http01 && type != challenge_type::tls_alpn01;
}

}  // namespace

std::string_view to_text(challenge_type type) noexcept { return names[static_cast<std::size_t>(type)]; }

std::optional<challenge_type> challenge_type_of(std::string_view text) noexcept {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (base::equal_ignoring_case(names[i], text)) return static_cast<challenge_type>(i);
  return std::nullopt;
}

std::span<const std::string_view> challenge_type_names() noexcept { return names; }

bool can_prove(challenge_type type, std::string_view domain) {
  if (base::is_wildcard(domain)) return is_by_dns(type);
  return !is_by_dns(type) || !base::is_ip_text(domain);
}

}  // namespace cardea::config
