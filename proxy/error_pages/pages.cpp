#include "proxy/error_pages/pages.hpp"

#include <array>

namespace cardea::proxy::error_pages {
namespace {

const std::string* find(const config::error_page_files& among, std::string_view name) noexcept {
  const auto found = among.find(name);
  return found == among.end() ? nullptr : &found->second;
}

}  // namespace

const std::string* find_page(const config::error_page_files& among, std::uint16_t status) noexcept {
  if (status < 400 || status > 599) return nullptr;
  const auto digit = [](int value) { return static_cast<char>('0' + value); };
  std::array<char, 8> name{digit(status / 100), digit(status / 10 % 10), digit(status % 10), '.', 'h', 't', 'm', 'l'};
  if (const std::string* exact = find(among, {name.data(), name.size()})) return exact;
  name[1] = name[2] = 'x';
  return find(among, {name.data(), name.size()});
}

std::optional<asset> find_asset(const config::error_page_files& among, std::string_view path) noexcept {
  if (!path.starts_with(asset_prefix)) return std::nullopt;
  asset out;
  out.name = path.substr(asset_prefix.size());
  out.content = find(among, out.name);
  return out;
}

}  // namespace cardea::proxy::error_pages
