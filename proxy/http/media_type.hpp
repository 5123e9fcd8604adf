#pragma once

#include <string_view>

/// What files are, by the extension of their names.
namespace cardea::proxy::http {

inline constexpr std::string_view unknown_media_type = "application/octet-stream";

/// What follows the last dot of the path's last segment; empty without one. A dot at the begin makes a hidden
/// file's name, no extension.
[[nodiscard]] std::string_view extension_of(std::string_view path) noexcept;

/// The media type for an extension without its dot, in any case; unknown_media_type for others.
[[nodiscard]] std::string_view media_type_of(std::string_view extension) noexcept;

}  // namespace cardea::proxy::http
