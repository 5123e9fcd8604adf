#include "dnsproviders/vendor_json.hpp"

#include "base/text.hpp"

#include <boost/json/serialize.hpp>

namespace cardea::dnsproviders {
namespace {

request with_json(std::string_view method, std::string path, std::string body) {
  request out;
  out.method = method;
  out.url = std::move(path);
  out.headers.push_back({"Content-Type", "application/json"});
  out.body = std::move(body);
  return out;
}

}  // namespace

request get(std::string path) {
  request out;
  out.url = std::move(path);
  return out;
}

request remove_at(std::string path) {
  request out;
  out.method = "DELETE";
  out.url = std::move(path);
  return out;
}

request send_json(std::string_view method, std::string path, const json::object& body) {
  return with_json(method, std::move(path), json::serialize(body));
}

request send_json_list(std::string_view method, std::string path, const json::array& body) {
  return with_json(method, std::move(path), json::serialize(body));
}

request send_form(std::string_view method, std::string path, const parameters& fields) {
  request out;
  out.method = method;
  out.url = std::move(path);
  out.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  out.body = with_query({}, fields).substr(fields.empty() ? 0 : 1);
  return out;
}

std::string with_query(std::string_view path, const parameters& fields) {
  std::string out(path);
  char before = path.find('?') == std::string_view::npos ? '?' : '&';
  for (const auto& [name, value] : fields) {
    out += before + base::percent_encode(name) + "=" + base::percent_encode(value);
    before = '&';
  }
  return out;
}

const json::value& at(const json::value& from, std::string_view path) {
  static const json::value nothing;
  const json::value* here = &from;
  while (!path.empty()) {
    const auto dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
    const json::object* object = here->if_object();
    here = object != nullptr ? object->if_contains(json::string_view(name.data(), name.size())) : nullptr;
    if (here == nullptr) return nothing;
  }
  return *here;
}

std::string text_at(const json::value& from, std::string_view path) {
  const json::value& found = at(from, path);
  if (const json::string* text = found.if_string()) return {text->data(), text->size()};
  if (found.is_number() || found.is_bool()) return json::serialize(found);
  return {};
}

const json::array& list_at(const json::value& from, std::string_view path) {
  static const json::array nothing;
  const json::array* found = at(from, path).if_array();
  return found != nullptr ? *found : nothing;
}

std::string bearer(const std::string& token) { return "Bearer " + token; }

std::string basic(const std::string& user, const std::string& password) {
  return "Basic " + base::base64(user + ":" + password);
}

std::string unquoted(std::string value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    return value.substr(1, value.size() - 2);
  return value;
}

}  // namespace cardea::dnsproviders
