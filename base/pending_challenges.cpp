#include "base/pending_challenges.hpp"

#include "base/certificate.hpp"
#include "base/ip_text.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace cardea::base {
namespace {

constexpr std::size_t name_bytes_max = 255;

bool is_same_host(std::string_view asked, const std::string& pending) noexcept {
  if (asked.ends_with('.')) asked.remove_suffix(1);
  if (asked.size() > 2 && asked.front() == '[' && asked.back() == ']')
    return canonical_ip(asked.substr(1, asked.size() - 2)) == pending;
  return equal_ignoring_case(asked, pending);
}

}  // namespace

pending_challenges::pending_challenges(std::vector<http01> http, std::vector<tls_alpn01> tls)
    : http_(std::move(http)), tls_(std::move(tls)) {
  std::sort(http_.begin(), http_.end(), [](const auto& a, const auto& b) { return a.token < b.token; });
  std::sort(tls_.begin(), tls_.end(),
            [](const auto& a, const auto& b) { return a.server_name < b.server_name; });
}

const std::string* pending_challenges::find_http01(std::string_view host,
                                                   std::string_view token) const noexcept {
  auto at = std::lower_bound(http_.begin(), http_.end(), token,
                             [](const http01& each, std::string_view wanted) { return each.token < wanted; });
  for (; at != http_.end() && at->token == token; ++at)
    if (is_same_host(host, at->host)) return &at->key_authorization;
  return nullptr;
}

const certificate* pending_challenges::find_tls_alpn01(std::string_view server_name) const noexcept {
  std::array<char, name_bytes_max> lower{};
  if (server_name.size() > lower.size()) return nullptr;
  for (std::size_t i = 0; i < server_name.size(); ++i) lower[i] = to_lower(server_name[i]);
  const std::string_view name(lower.data(), server_name.size());
  const auto at = std::lower_bound(
      tls_.begin(), tls_.end(), name,
      [](const tls_alpn01& each, std::string_view wanted) { return each.server_name < wanted; });
  return at != tls_.end() && at->server_name == name ? at->proof.get() : nullptr;
}

}  // namespace cardea::base
