#include "base/json_text.hpp"

#include "base/utf8.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace cardea::base {

bool is_json(std::string_view text) {
  boost::system::error_code malformed;
  (void)boost::json::parse({text.data(), text.size()}, malformed);
  return !malformed;
}

std::string json_quoted(std::string_view text) {
  return boost::json::serialize(boost::json::value(valid_utf8(text)));
}

}  // namespace cardea::base
