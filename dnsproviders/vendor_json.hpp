#pragma once

#include "dnsproviders/vendor.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Building requests and reading answers, as most vendors need it. Reading is
/// lenient: absent, null and wrongly typed members are all "not there".
namespace cardea::dnsproviders {

namespace json = boost::json;

/// Requests by path; the base address is put before them when they are sent.
[[nodiscard]] request get(std::string path);
[[nodiscard]] request remove_at(std::string path);
/// An object by its members: `{{"name", x}}` would be an array as a json::value.
[[nodiscard]] request send_json(std::string_view method, std::string path, const json::object& body);
[[nodiscard]] request send_json_list(std::string_view method, std::string path, const json::array& body);
using parameters = std::vector<std::pair<std::string_view, std::string>>;
[[nodiscard]] request send_form(std::string_view method, std::string path, const parameters& fields);
/// `path?a=1&b=2`, percent-encoded.
[[nodiscard]] std::string with_query(std::string_view path, const parameters& fields);

/// Follows object members, separated by dots ("links.pages.next"); null when one is not there.
[[nodiscard]] const json::value& at(const json::value& from, std::string_view path);
/// A string, or a number or boolean as text; empty for anything else.
[[nodiscard]] std::string text_at(const json::value& from, std::string_view path = {});
/// The elements of an array; none when it is not there.
[[nodiscard]] const json::array& list_at(const json::value& from, std::string_view path = {});

[[nodiscard]] std::string bearer(const std::string& token);
[[nodiscard]] std::string basic(const std::string& user, const std::string& password);

/// Without one pair of outer double quotes.
[[nodiscard]] std::string unquoted(std::string value);

}  // namespace cardea::dnsproviders
