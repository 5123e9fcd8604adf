#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace cardea::config {

/// What https clients are offered; the defaults are Mozilla's "intermediate" recommendation.
struct tls_section {
  enum class version : std::uint8_t { tls12, tls13 };
  /// What a client gets that names no host of ours, or none.
  enum class stranger : std::uint8_t {
    default_certificate,  ///< main's; its requests find no route
    alert,                ///< unrecognized_name
    close,                ///< nothing at all
  };

  version min_version = version::tls12;
  std::vector<std::string> ciphers;       ///< of TLS 1.2, in order of preference; empty: the defaults
  std::vector<std::string> ciphersuites;  ///< of TLS 1.3, likewise
  std::vector<std::string> curves;        ///< in order of preference; empty: the defaults
  stranger unknown_server_name = stranger::default_certificate;
  /// After this long tickets are sealed with a new key; the two keys before it are accepted still.
  std::chrono::milliseconds ticket_rotation = std::chrono::hours(12);

  friend bool operator==(const tls_section&, const tls_section&) = default;
};

}  // namespace cardea::config
