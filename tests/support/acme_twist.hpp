#pragma once

#include "tests/support/acme_ca.hpp"

#include <functional>
#include <string>
#include <vector>

/// What can go wrong with one request to the scripted CA.
namespace cardea::test_support {

/// The CA says no after it has checked the signature.
[[nodiscard]] acme_ca::twist refused(int status, const std::string& type, const std::string& detail,
                                     std::vector<base::http_field> fields = {});
/// Nothing comes back; the CA did or did not see the request.
[[nodiscard]] acme_ca::twist request_lost();
[[nodiscard]] acme_ca::twist answer_lost();
[[nodiscard]] acme_ca::twist hanging();
/// The normal answer, changed.
[[nodiscard]] acme_ca::twist changed(std::function<void(base::fetch_response&)> how);
[[nodiscard]] acme_ca::twist with_body(std::string body);
[[nodiscard]] acme_ca::twist without_field(std::string name);

}  // namespace cardea::test_support
