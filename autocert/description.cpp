#include "autocert/description.hpp"

#include "autocert/cert_store.hpp"
#include "autocert/failure_store.hpp"
#include "autocert/metadata_store.hpp"
#include "autocert/request_check.hpp"
#include "base/log.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

namespace cardea::autocert {
namespace {

using moment = std::optional<base::wall_time>;

std::int64_t unix_seconds(const moment& when) {
  return when ? std::chrono::system_clock::to_time_t(*when) : 0;
}

std::string printed(std::chrono::seconds span) {
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(span).count();
  if (hours >= 48) return fmt::format("{} days", hours / 24);
  if (hours >= 2) return fmt::format("{} hours", hours);
  if (span >= std::chrono::minutes(2))
    return fmt::format("{} minutes", std::chrono::duration_cast<std::chrono::minutes>(span).count());
  return fmt::format("{} seconds", span.count());
}

std::string key_name(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "EC") == 1) return fmt::format("EC{}", EVP_PKEY_get_bits(key));
  if (EVP_PKEY_is_a(key, "RSA") == 1) return fmt::format("RSA{}", EVP_PKEY_get_bits(key));
  const char* const name = EVP_PKEY_get0_type_name(key);
  return name == nullptr ? "" : name;
}

bool is_renewed(const config::certificate_request& request) {
  const auto kind = kind_of(request.provider);
  return kind != provider_kind::local && kind != provider_kind::pseudo;
}

}  // namespace

std::string renewal_reason(const renewal_inputs& inputs, base::wall_time now) {
  if (cooldown_until(inputs, now)) return "the pause after a failure ends";
  if (!inputs.dates) return "there is none yet";
  if (inputs.revoked) return "the CA has revoked it";
  if (inputs.mismatch) return "its names or its CA are not the configured ones";
  if (inputs.suggested)
    return renewal_time(inputs) == *inputs.suggested ? "the CA suggests it"
                                                     : "it nears its end, whatever the CA suggests";
  return printed(renewal_lead(lifetime(*inputs.dates))) + " before its end";
}

certificate_status describe(const described& what, base::wall_time now) {
  const config::certificate_request& request = what.request;
  certificate_status out;
  out.provider = request.name;
  out.last_error = what.last_error;
  out.type = request.provider;
  out.domains = request.domains;
  if (is_renewed(request)) {
    out.next_renewal = unix_seconds(next_attempt(what.inputs, now));
    out.next_renewal_reason = renewal_reason(what.inputs, now);
  } else {
    out.next_renewal_reason =
        request.provider == "local" ? "never: its files are managed by others" : "never: a stand-in in memory";
  }
  out.attempts = what.known.attempts;
  out.attempted_at = unix_seconds(what.known.attempted_at);
  out.failed_at = unix_seconds(what.known.failed_at);
  if (!what.certificate) return out;
  const base::certificate& shown = *what.certificate;
  out.subject = shown.subject();
  out.issuer = shown.issuer();
  out.not_before = unix_seconds(shown.not_before());
  out.not_after = unix_seconds(shown.not_after());
  out.dns_names = shown.names();
  out.email_addresses = shown.email_addresses();
  out.serial = shown.serial_hex();
  out.key = key_name(shown.key().get());
  if (what.known.serial != out.serial) return out;
  out.ca = what.known.ca;
  out.profile = what.known.profile;
  out.wanted_profile = what.known.wanted_profile;
  out.obtained_at = unix_seconds(what.known.obtained_at);
  if (const auto& suggested = what.known.suggested) {
    out.window_start = unix_seconds(suggested->window.start);
    out.window_end = unix_seconds(suggested->window.end);
    out.window_selected = unix_seconds(suggested->at);
  }
  return out;
}

certificate_status stored_status(const config::certificate_request& request, base::wall_time now) {
  const base::logger log("autocert");
  const auto stored = cert_store(request.cert_path, request.key_path, log).peek();
  const std::shared_ptr<const base::certificate> found = stored ? *stored : nullptr;
  const metadata known = is_renewed(request) ? metadata_store(request.cert_path, log).peek() : metadata{};
  renewal_inputs inputs;
  inputs.name = request.cert_path;
  const failure_store failures(request.cert_path, request.key_path);
  inputs.last_failure = failures.last();
  inputs.failures_in_row = failures.record().in_row;
  if (found) {
    inputs.dates = validity{found->not_before(), found->not_after()};
    inputs.mismatch = is_renewed(request) && !same_names(found->names(), request.domains);
    if (known.suggested && known.serial == found->serial_hex()) inputs.suggested = known.suggested->at;
  }
  const bool is_missing = !stored && stored.error() == base::make_error_code(base::errc::not_found);
  std::string error = known.last_error;
  if (!stored && (!is_missing || request.provider == "local")) error = stored.error().message();
  return describe({request, found, known, inputs, std::move(error)}, now);
}

}  // namespace cardea::autocert
