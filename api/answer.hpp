#pragma once

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::api {

/// What an endpoint returns.
struct answer {
  struct field {
    std::string name;
    std::string value;
  };

  unsigned status = 200;
  boost::json::value body;
  std::vector<field> fields{};  ///< besides those that every answer carries
  std::optional<std::string> text{};  ///< Prometheus's text format, instead of `body`
};

/// The shape of every failure: {"message": ...}.
[[nodiscard]] answer failure(unsigned status, std::string_view message);

}  // namespace cardea::api
