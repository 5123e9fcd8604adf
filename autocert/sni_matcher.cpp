#include "autocert/sni_matcher.hpp"

#include "base/dns_name.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <set>
#include <utility>

namespace cardea::autocert {
namespace {

constexpr std::size_t name_bytes_max = 255;
using name_buffer = std::array<char, name_bytes_max>;

// base::normalise_dns_name without an allocation; empty for what cannot be a name.
std::string_view normalise(std::string_view name, name_buffer& buffer) noexcept {
  name = base::trim(name);
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() > buffer.size()) return {};
  for (std::size_t i = 0; i < name.size(); ++i) buffer[i] = base::to_lower(name[i]);
  return {buffer.data(), name.size()};
}

// As they stand in the table: a wildcard begins with its dot, which no exact name does.
std::vector<std::string> name_keys_of(const base::certificate& from) {
  std::vector<std::string> out;
  for (const std::string& name : from.dns_names()) {
    std::string normal = base::normalise_dns_name(name);
    if (base::is_wildcard(normal))
      normal.erase(0, 1);
    else if (normal.starts_with('.'))
      continue;
    if (!normal.empty() && normal != "." && normal.size() <= name_bytes_max) out.push_back(std::move(normal));
  }
  // A name twice in one certificate is one claim.
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<std::string> keys_of(const base::certificate& from) {
  std::vector<std::string> out = name_keys_of(from);
  for (std::string& address : from.ip_addresses())
    if (std::find(out.begin(), out.end(), address) == out.end()) out.push_back(std::move(address));
  return out;
}

bool is_same_kind(const base::certificate& a, const base::certificate& b) {
  return base::is_ecdsa(a.kind()) == base::is_ecdsa(b.kind());
}

}  // namespace

std::shared_ptr<const sni_matcher> sni_matcher::of(const std::vector<base::certificate_ptr>& certificates,
                                                   base::certificate_ptr fallback) {
  std::vector<change> changes;
  for (const base::certificate_ptr& each : certificates) {
    const auto rank = static_cast<std::uint32_t>(changes.size());
    if (each) changes.push_back({std::make_shared<const claimant>(claimant{rank, {}}), nullptr, each});
  }
  std::vector<base::certificate_ptr> fallbacks;
  if (fallback) fallbacks.push_back(std::move(fallback));
  return sni_matcher().with(changes, std::move(fallbacks));
}

std::shared_ptr<const sni_matcher> sni_matcher::with(std::span<const change> changes,
                                                     std::vector<base::certificate_ptr> fallbacks) const {
  std::deque<std::string> names;  // stay where they are while others are added
  std::vector<name_claim> gone;
  std::vector<name_claim> fresh;
  for (const change& each : changes) {
    if (each.old)
      for (std::string& name : keys_of(*each.old))
        gone.push_back({names.emplace_back(std::move(name)), each.by, each.old});
    if (each.fresh)
      for (std::string& name : keys_of(*each.fresh))
        fresh.push_back({names.emplace_back(std::move(name)), each.by, each.fresh});
  }
  auto out = std::make_shared<sni_matcher>();
  out->names_ = gone.empty() && fresh.empty() ? names_ : names_.with(gone, fresh);
  out->fallbacks_ = std::move(fallbacks);
  return out;
}

std::vector<claim_conflict> sni_matcher::conflicts_of(std::span<const change> changes) const {
  std::vector<claim_conflict> out;
  std::set<std::pair<std::string, const claimant*>> told;
  for (const change& each : changes) {
    if (!each.fresh) continue;
    for (std::string& name : name_keys_of(*each.fresh)) {
      const auto certificates = names_.find(name);
      const auto claimants = names_.claimants(name);
      std::vector<const claimant*> same;
      for (std::size_t i = 0; i < certificates.size() && same.size() < 2; ++i)
        if (claimants[i] == each.by || is_same_kind(*certificates[i], *each.fresh))
          same.push_back(claimants[i].get());
      if (same.size() < 2) continue;
      const claimant* const refused = same[0] == each.by.get() ? same[1] : each.by.get();
      if (!told.emplace(name, refused).second) continue;
      if (out.size() == conflicts_max) return out;
      out.push_back({name.starts_with('.') ? '*' + name : name, same[0]->label, refused->label});
    }
  }
  return out;
}

std::span<const base::certificate_ptr> sni_matcher::find(std::string_view server_name) const noexcept {
  name_buffer buffer;
  const std::string_view name = normalise(server_name, buffer);
  // A wildcard stands for a label, so there must be one.
  if (name.empty() || name.front() == '.') return fallbacks_;
  if (const auto exact = names_.find(name); !exact.empty()) return exact;
  if (const std::size_t dot = name.find('.'); dot != std::string_view::npos) {
    if (const auto wildcard = names_.find(name.substr(dot)); !wildcard.empty()) return wildcard;
  }
  return fallbacks_;
}

}  // namespace cardea::autocert
