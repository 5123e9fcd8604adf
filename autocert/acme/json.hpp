#pragma once

#include "base/error.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

/// Reading of CAs' JSON: absent, null and wrongly typed members are all "not there".
namespace cardea::autocert::acme {

[[nodiscard]] base::result<boost::json::object> parse_object(std::string_view text);
[[nodiscard]] std::string text_member(const boost::json::object& from, std::string_view name);
[[nodiscard]] bool true_member(const boost::json::object& from, std::string_view name);
/// The strings of an array; empty when there is none.
[[nodiscard]] std::vector<std::string> text_array(const boost::json::object& from, std::string_view name);
[[nodiscard]] const boost::json::object* object_member(const boost::json::object& from,
                                                       std::string_view name);

}  // namespace cardea::autocert::acme
