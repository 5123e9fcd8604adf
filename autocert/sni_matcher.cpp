#include "autocert/sni_matcher.hpp"

#include "base/dns_name.hpp"
#include "base/text.hpp"

#include <array>
#include <bit>

namespace cardea::autocert {
namespace {

constexpr std::size_t name_bytes_max = 255;
using name_buffer = std::array<char, name_bytes_max>;

std::uint32_t hash_of(std::string_view name) noexcept {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return static_cast<std::uint32_t>(hash ^ (hash >> 32U));
}

// base::normalise_dns_name without an allocation; empty for what cannot be a name.
std::string_view normalise(std::string_view name, name_buffer& buffer) noexcept {
  name = base::trim(name);
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() > buffer.size()) return {};
  for (std::size_t i = 0; i < name.size(); ++i) buffer[i] = base::to_lower(name[i]);
  return {buffer.data(), name.size()};
}

}  // namespace

void sni_matcher::name_table::reserve(std::size_t count) { slots_.resize(std::bit_ceil(count * 2 + 1)); }

std::size_t sni_matcher::name_table::probe(std::string_view name, std::uint32_t hash) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].length != 0) {
    const slot& taken = slots_[at];
    if (taken.hash == hash && std::string_view(names_).substr(taken.offset, taken.length) == name) break;
    at = (at + 1) & mask;
  }
  return at;
}

void sni_matcher::name_table::insert(std::string_view name, std::uint32_t certificate) {
  if (name.empty()) return;
  const std::uint32_t hash = hash_of(name);
  slot& target = slots_[probe(name, hash)];
  if (target.length != 0) return;
  target = {hash, certificate, static_cast<std::uint32_t>(names_.size()),
            static_cast<std::uint32_t>(name.size())};
  names_ += name;
  ++size_;
}

const std::uint32_t* sni_matcher::name_table::find(std::string_view name) const noexcept {
  if (name.empty()) return nullptr;
  const slot& found = slots_[probe(name, hash_of(name))];
  return found.length == 0 ? nullptr : &found.certificate;
}

sni_matcher::sni_matcher(std::vector<claim> claims, std::shared_ptr<const base::certificate> fallback)
    : fallback_(std::move(fallback)) {
  std::size_t exact_count = 0;
  std::size_t wildcard_count = 0;
  for (const claim& each : claims) {
    for (const std::string& name : each.names)
      ++(base::is_wildcard(base::trim(name)) ? wildcard_count : exact_count);
  }
  exact_.reserve(exact_count);
  wildcards_.reserve(wildcard_count);
  for (claim& each : claims) {
    const auto index = static_cast<std::uint32_t>(certificates_.size());
    certificates_.push_back(std::move(each.certificate));
    for (const std::string& name : each.names) {
      const std::string normal = base::normalise_dns_name(name);
      if (normal.size() > name_bytes_max) continue;
      if (base::is_wildcard(normal))
        wildcards_.insert(base::parent_name(normal), index);
      else
        exact_.insert(normal, index);
    }
  }
}

std::shared_ptr<const sni_matcher> sni_matcher::of(
    const std::vector<std::shared_ptr<const base::certificate>>& certificates,
    std::shared_ptr<const base::certificate> fallback) {
  std::vector<claim> claims;
  for (const auto& each : certificates)
    if (each) claims.push_back({each, each->dns_names()});
  return std::make_shared<const sni_matcher>(std::move(claims), std::move(fallback));
}

const base::certificate* sni_matcher::find(std::string_view server_name) const noexcept {
  name_buffer buffer;
  const std::string_view name = normalise(server_name, buffer);
  if (const std::uint32_t* const exact = exact_.find(name)) return certificates_[*exact].get();
  // A wildcard stands for a label, so there must be one.
  if (!name.starts_with('.')) {
    if (const std::uint32_t* const wildcard = wildcards_.find(base::parent_name(name)))
      return certificates_[*wildcard].get();
  }
  return fallback_.get();
}

}  // namespace cardea::autocert
