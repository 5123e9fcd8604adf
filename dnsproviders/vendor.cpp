#include "dnsproviders/vendor.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace cardea::dnsproviders {
namespace {

namespace json = boost::json;

constexpr int words_depth_max = 4;

json::value parsed(const std::string& body) {
  const auto first = body.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || (body[first] != '{' && body[first] != '[')) return {};
  json::parse_options limits;
  limits.max_depth = 32;
  boost::system::error_code failure;
  json::value out = json::parse(body, failure, {}, limits);
  return failure ? json::value() : out;
}

// Members under which vendors put their words.
bool tells_why(std::string_view name) {
  constexpr std::array<std::string_view, 16> known{
      "message",     "error",  "errors", "detail", "details",      "description",   "error_description",
      "title",       "reason", "msg",    "code",   "errorMessage", "error_message", "statusDescription",
      "longmessage", "Message"};
  return std::find(known.begin(), known.end(), name) != known.end();
}

void collect(const json::value& from, int depth, std::string& out) {
  if (depth > words_depth_max) return;
  if (from.is_string() || from.is_int64() || from.is_uint64()) {
    const std::string text =
        from.is_string() ? std::string(from.get_string().c_str()) : json::serialize(from);
    if (!text.empty()) out += (out.empty() ? "" : "; ") + text;
  } else if (from.is_array()) {
    for (const json::value& each : from.get_array()) collect(each, depth + 1, out);
  } else if (from.is_object()) {
    for (const auto& [name, value] : from.get_object())
      if (depth > 0 || tells_why({name.data(), name.size()})) collect(value, depth + 1, out);
  }
}

}  // namespace

answer::answer(base::fetch_response from) : from_(std::move(from)), json_(parsed(from_.body)) {}

std::string txt_value::relative(std::string_view apex) const {
  if (record.fqdn.size() <= zone.name.size()) return std::string(apex);
  return record.fqdn.substr(0, record.fqdn.size() - zone.name.size() - 1);
}

outcome vendor::judge(const answer& from) const {
  if (from.status() >= 200 && from.status() < 300) return outcome::done;
  return from.status() == 404 ? outcome::absent : outcome::refused;
}

std::string vendor::words(const answer& from) const {
  std::string out;
  collect(from.json(), 0, out);
  return out.empty() ? from.body() : out;
}

request vendor::zones(const std::string&, const std::string&) const { return {}; }

base::result<page<hosted_zone>> vendor::read_zones(const answer&, const std::string&) const {
  return page<hosted_zone>{};
}

request record_vendor::list(const txt_value&, const std::string&) const { return {}; }

base::result<page<found_record>> record_vendor::read_list(const answer&, const txt_value&) const {
  return page<found_record>{};
}

}  // namespace cardea::dnsproviders
