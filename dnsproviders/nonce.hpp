#pragma once

#include <string>

namespace cardea::dnsproviders {

/// A random UUID (RFC 9562, version 4) as text: what makes a signed request unlike all others.
[[nodiscard]] std::string random_uuid();

}  // namespace cardea::dnsproviders
