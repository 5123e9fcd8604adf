#pragma once

#include "base/error.hpp"

namespace cardea::autocert {

/// Why a certificate is not configured, not there or not renewed.
enum class errc {
  missing_field = 1,       ///< a key that this provider type needs is absent
  duplicated_path,         ///< two certificates would share a file; the context says where it was first seen
  invalid_domain,          ///< not a name that a certificate can have
  unknown_provider,        ///< no provider type of that name
  get_certificate_failed,  ///< the attempt failed; the context is the cause
  damaged_certificate,     ///< the files on disk do not make a usable pair
  in_cooldown,             ///< the last failure is too recent for another attempt
};

const boost::system::error_category& autocert_category() noexcept;
base::error_code make_error_code(errc value) noexcept;

[[nodiscard]] inline base::error make_error(errc value, std::string context) {
  return {make_error_code(value), std::move(context)};
}

}  // namespace cardea::autocert

template <>
struct boost::system::is_error_code_enum<cardea::autocert::errc> : std::true_type {};
