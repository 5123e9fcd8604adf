#pragma once

#include "autocert/issuer.hpp"
#include "base/certificate.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace cardea::autocert {

/// What the CA last said about renewing one certificate, and what was made of it.
struct suggestion {
  renewal_window window;
  base::wall_time at;         ///< in the window, chosen once (B01)
  base::wall_time ask_again;  ///< not before

  friend bool operator==(const suggestion&, const suggestion&) = default;
};

/// What is known of a certificate besides its pair: who issued it and how the
/// attempts since then went. Kept in `<cert_path>.meta.json`.
struct metadata {
  std::string serial;       ///< in hex, of the certificate that the next five are about; empty: none
  std::string fingerprint;  ///< SHA-256 of its DER, in hex; empty: not known
  std::string ca;           ///< the CA's directory, or "internal"
  std::string profile;      ///< with which it was obtained; empty: the CA's default
  std::optional<base::wall_time> obtained_at = {};
  std::optional<suggestion> suggested = {};

  unsigned attempts = 0;  ///< since the last success, the running one included
  std::optional<base::wall_time> attempted_at = {};
  std::string last_error = {};  ///< empty when the last attempt succeeded
  std::optional<base::wall_time> failed_at = {};

  std::string wanted_profile = {};  ///< that was wished for, where it is another one

  /// Where the pair lies, as it was configured; empty: an older release wrote this. So it is known what is
  /// ours when the configuration names it no more.
  std::string cert_path = {};
  std::string key_path = {};

  friend bool operator==(const metadata&, const metadata&) = default;
};

/// One JSON object and a line end. Texts of others that are no UTF-8 or very long are cut down.
[[nodiscard]] std::string to_json(const metadata& what);

/// base::errc::protocol when it is no such object or a part of it contradicts
/// another. Members that it does not know are passed over: a newer version wrote them.
[[nodiscard]] base::result<metadata> parse_metadata(std::string_view text);

/// With which profile a certificate was obtained, and which one was wished for; empty: the CA's default.
struct profile_choice {
  std::string obtained = {};
  std::string wanted = {};
};

/// The metadata of a certificate that was just issued.
[[nodiscard]] metadata metadata_of(const base::certificate& fresh, std::string ca, profile_choice profile,
                                   base::wall_time now);

/// SHA-256 of the leaf's DER, in hex.
[[nodiscard]] std::string fingerprint_of(const base::certificate& of);
[[nodiscard]] std::string fingerprint_of(const X509* leaf);

/// Where the metadata of the certificate at that path lies.
[[nodiscard]] std::string metadata_path(const std::string& cert_path);

}  // namespace cardea::autocert
