#pragma once

#include "config/sections/files.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace cardea::proxy::files {

/// Its name in Content-Encoding.
[[nodiscard]] std::string_view name_of(config::content_coding coding) noexcept;
/// What the file's name has behind it: ".br".
[[nodiscard]] std::string_view suffix_of(config::content_coding coding) noexcept;

/// Which of the `offered` codings an Accept-Encoding field prefers to the file as it is (RFC 9110 section 12.5.3),
/// best first: by weight, then in the order offered. One that is liked less than `identity` is left out.
[[nodiscard]] std::vector<config::content_coding> choose_codings(std::string_view accept_encoding,
                                                                 std::span<const config::content_coding> offered);

}  // namespace cardea::proxy::files
