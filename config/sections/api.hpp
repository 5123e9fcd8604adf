#pragma once

#include <string>

namespace cardea::config {

struct api_section {
  std::string addr = "127.0.0.1:8888";  ///< "" = off
};

}  // namespace cardea::config
