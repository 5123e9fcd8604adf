#pragma once

#include "config/reader.hpp"
#include "config/sections/autocert.hpp"
#include "config/sections/issuer_entry.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::config {

/// A certificate request on its way from the file: its values, inheritance
/// applied, and where each of them was written.
struct certificate_entry {
  certificate_request request;
  field_places own;                   ///< fields that the entry itself has
  field_places inherited;             ///< fields that it has from main
  std::vector<issuer_entry> issuers;  ///< of the list, its own or main's; the first one is the request's
  std::vector<place> domain_places;   ///< of request.domains, one each
  place whole;
  bool is_readable = true;     ///< otherwise it is no mapping, and nothing is missing in it
  bool provider_known = true;  ///< otherwise nothing can be said about what it needs
  bool options_known = true;   ///< otherwise a variable is not set, and the provider would miss its value
  findings* sink = nullptr;

  [[nodiscard]] bool has(std::string_view field) const {
    return own.contains(field) || inherited.contains(field);
  }
  /// Where a field was written; the whole entry when it has its default.
  [[nodiscard]] place place_of(std::string_view field) const;
  /// Whether the certificate is written to this path: main always has both, an extra only its own.
  [[nodiscard]] bool has_path(std::string_view field) const {
    return request.name == "main" || own.contains(field);
  }
  [[nodiscard]] bool uses_acme() const;
  /// An error that begins with the entry's name.
  void fail(errc code, const place& where, std::string_view text) const;
};

/// What `autocert` has besides main's own fields.
struct beside_main {
  std::optional<value> extra;
  std::optional<value> folders;
  std::optional<value> keep_unused;
};

/// REQUIRES: a findings::named_scope of the entry's name.
[[nodiscard]] certificate_entry read_main_certificate(const value& from,
                                                      std::span<const std::string_view> dns_provider_names,
                                                      beside_main& others);
/// REQUIRES: likewise. Everything but the paths and the account key comes from main unless it is written.
[[nodiscard]] certificate_entry read_extra_certificate(const value& from, std::size_t index,
                                                       const certificate_entry& main,
                                                       std::span<const std::string_view> dns_provider_names);

}  // namespace cardea::config
