#include "autocert/acme/json.hpp"

#include "autocert/acme/error.hpp"

#include <boost/json/parse.hpp>

namespace cardea::autocert::acme {
namespace json = boost::json;

base::result<json::object> parse_object(std::string_view text) {
  base::error_code failure;
  json::parse_options limits;
  limits.max_depth = 16;
  json::value value = json::parse(json::string_view(text.data(), text.size()), failure, {}, limits);
  if (failure || !value.is_object())
    return base::error(errc::malformed_answer, "the CA's answer is not a JSON object");
  return std::move(value.get_object());
}

std::string text_member(const json::object& from, std::string_view name) {
  const json::value* found = from.if_contains(json::string_view(name.data(), name.size()));
  if (found == nullptr || !found->is_string()) return {};
  const json::string& text = found->get_string();
  return {text.data(), text.size()};
}

bool true_member(const json::object& from, std::string_view name) {
  const json::value* found = from.if_contains(json::string_view(name.data(), name.size()));
  return found != nullptr && found->is_bool() && found->get_bool();
}

std::vector<std::string> text_array(const json::object& from, std::string_view name) {
  std::vector<std::string> out;
  const json::value* found = from.if_contains(json::string_view(name.data(), name.size()));
  if (found == nullptr || !found->is_array()) return out;
  for (const json::value& each : found->get_array())
    if (each.is_string()) out.emplace_back(each.get_string().data(), each.get_string().size());
  return out;
}

const json::object* object_member(const json::object& from, std::string_view name) {
  const json::value* found = from.if_contains(json::string_view(name.data(), name.size()));
  return found != nullptr ? found->if_object() : nullptr;
}

}  // namespace cardea::autocert::acme
