#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// "Name: value\r\n" lines in one text. Names are compared without case.
namespace cardea::proxy::middleware {

/// The value of the first line of that name; empty without one.
[[nodiscard]] std::string_view value_in(std::string_view lines, std::string_view name) noexcept;
/// Takes out every line of that name.
void remove_lines(std::string& lines, std::string_view name);
/// Takes out every line whose name begins so.
void remove_lines_from(std::string& lines, std::string_view name_prefix);
/// A byte that must not stand in a value ends it there: no text makes a second line (T16).
void add_line(std::string& lines, std::string_view name, std::string_view value);

}  // namespace cardea::proxy::middleware
