#pragma once

#include "autocert/metadata.hpp"
#include "autocert/renewal.hpp"
#include "autocert/status.hpp"
#include "base/certificate.hpp"
#include "config/sections/autocert.hpp"

#include <memory>
#include <string>

/// What a certificate's keeper knows, as the rest of the program and operators see it.
namespace cardea::autocert {

struct described {
  const config::certificate_request& request;
  const std::shared_ptr<const base::certificate>& certificate;  ///< null: there is none
  const metadata& known;
  const renewal_inputs& inputs;
  std::string last_error = {};
};

[[nodiscard]] certificate_status describe(const described& what, base::wall_time now);

/// Of a certificate as it lies on disk, without a running program. Changes nothing.
[[nodiscard]] certificate_status stored_status(const config::certificate_request& request,
                                               base::wall_time now);

/// Why it is renewed at next_attempt: "30 days before its end", "the CA suggests it" ...
[[nodiscard]] std::string renewal_reason(const renewal_inputs& inputs, base::wall_time now);

}  // namespace cardea::autocert
