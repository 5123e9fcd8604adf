#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace cardea::bench {

/// What is asked, and how long.
struct target {
  std::uint16_t port = 443;  ///< of 127.0.0.1
  std::string name;          ///< SNI and Host; with `names` behind "site0.", "site1." ...
  std::size_t names = 0;
  std::string path = "/";
  std::size_t connections = 64;
  std::chrono::milliseconds time{1'000};

  [[nodiscard]] std::string name_of(std::size_t number) const {
    return names == 0 ? name : "site" + std::to_string(number % names) + "." + name;
  }
};

}  // namespace cardea::bench
