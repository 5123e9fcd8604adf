#pragma once

#include <openssl/types.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <vector>

namespace cardea::autocert {

struct general_names_deleter {
  void operator()(GENERAL_NAMES* value) const noexcept { GENERAL_NAMES_free(value); }
};
using general_names_ptr = std::unique_ptr<GENERAL_NAMES, general_names_deleter>;

/// The subjectAltName of a certificate or signing request: DNS names, and IP
/// addresses in any spelling as iPAddress entries (RFC 8738), in this order.
///
/// Built by hand: in OpenSSL's text form a name could smuggle in other entries.
[[nodiscard]] general_names_ptr subject_names(const std::vector<std::string>& names);

/// The entries of a SAN extension that orders can have, in order: DNS names in lower case, IP addresses in
/// canonical spelling. Null is an empty list.
[[nodiscard]] std::vector<std::string> texts_of(const GENERAL_NAMES* names);

}  // namespace cardea::autocert
