#include "api/answer.hpp"

#include <boost/json/object.hpp>

namespace cardea::api {

answer failure(unsigned status, std::string_view message) {
  boost::json::object body;
  body["message"] = message;
  return {status, std::move(body)};
}

}  // namespace cardea::api
