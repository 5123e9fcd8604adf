#pragma once

#include "config/sections/error_pages.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cardea::proxy::error_pages {

/// A snapshot of what lies in the folder; null: there are no pages.
using files = std::shared_ptr<const config::error_page_files>;

/// Where what the pages refer to is found, on every host; GoDoxy's.
inline constexpr std::string_view asset_prefix = "/$gperrorpage/";

/// `<status>.html`, else `4xx.html` or `5xx.html`, else null. For statuses from 400 to 599.
[[nodiscard]] const std::string* find_page(const config::error_page_files& among, std::uint16_t status) noexcept;

/// What of the folder a path without its query names; none when it does not begin with the prefix. The content is null
/// when there is no such file, and for names that are not written as they are (percent-encoded, with a slash).
struct asset {
  std::string_view name;
  const std::string* content = nullptr;
};
[[nodiscard]] std::optional<asset> find_asset(const config::error_page_files& among, std::string_view path) noexcept;

}  // namespace cardea::proxy::error_pages
