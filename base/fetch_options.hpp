#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace cardea::base {

class certificate;
class trust_store;

/// TLS with one server that is known beforehand, such as a backend; the defaults are for servers of the world.
struct fetch_tls_options {
  bool verify = true;       ///< false: any certificate of any name
  std::string server_name;  ///< expected of the certificate and sent as SNI; empty: the URL's host
  bool send_name = true;
  bool tls12 = true;
  bool tls13 = true;
  std::shared_ptr<const trust_store> trusted;      ///< instead of the system's and of `ca_files`; or null
  std::shared_ptr<const certificate> own;          ///< our certificate, for a server that asks for one; or null
};

struct fetch_client_options {
  std::vector<std::string> ca_files;  ///< PEM, trusted besides the system's certificates
  bool system_cas = true;             ///< false: only `ca_files` are trusted
  std::string user_agent = "cardea";  ///< used when a request names none
  fetch_tls_options tls;
  std::size_t head_bytes_max = 64 * 1024;
  std::size_t idle_connections_max = 4;           ///< kept for reuse, all hosts together; 0 = none
  std::chrono::milliseconds idle_timeout{4'000};  ///< shorter than the common servers' own (5 s)
};

}  // namespace cardea::base
