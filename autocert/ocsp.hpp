#pragma once

#include "base/certificate.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

/// Whether a certificate is revoked, in its CA's own words (RFC 6960, RFC 5019): pure functions.
namespace cardea::autocert::ocsp {

constexpr std::size_t response_bytes_max = 64U << 10U;

/// Where the CA answers: the first http address of the leaf's authority information; empty when there is
/// none.
[[nodiscard]] std::string responder_of(const base::certificate& about);

/// An OCSPRequest in DER for the leaf, without a nonce, so that a CA may answer with what it has prepared.
/// errc::invalid_argument when the chain lacks the certificate's issuer.
[[nodiscard]] base::result<std::string> make_request(const base::certificate& about);

enum class verdict { good, revoked };

struct checked_response {
  verdict says = verdict::good;
  base::wall_time this_update;
  base::wall_time next_update;
};

/// What a response says about the leaf. Verified: signed by the issuer or whom it appointed for this, about
/// this certificate, and valid at `now`. errc::protocol says what is wrong with it.
[[nodiscard]] base::result<checked_response> check_response(std::string_view der,
                                                            const base::certificate& about,
                                                            base::wall_time now);

}  // namespace cardea::autocert::ocsp
