#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace cardea::base {
class trust_store;
}

namespace cardea::config {

enum class route_scheme { http, https, fileserver };

struct route_section {
  std::string alias;  ///< lower case: "app" answers for app.<domain>; one with a dot is a full host name; may
                      ///< be `*.suffix`
  route_scheme scheme = route_scheme::http;
  std::string host = "localhost";
  std::uint16_t port = 80;
  std::chrono::milliseconds response_header_timeout{60'000};
  bool no_tls_verify = false;  ///< https backends only
  /// Who vouches for this route's clients; null: they need no certificate.
  std::shared_ptr<const base::trust_store> client_cas;
  std::string root;            ///< fileserver: absolute folder
  std::string index = "/index.html";
  bool spa = false;    ///< fileserver: unknown paths get the index
  std::string source;  ///< "file:line:column" of the definition, for messages
};

}  // namespace cardea::config
