#include "api/about.hpp"

#include "api/services.hpp"

#include <boost/json/object.hpp>

namespace cardea::api {

answer version(const services& from) { return {200, boost::json::value(from.version)}; }

answer health(const services&) { return {200, boost::json::object{}}; }

}  // namespace cardea::api
