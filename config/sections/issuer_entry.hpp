#pragma once

#include "config/reader.hpp"
#include "config/sections/autocert.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::config {

/// Where the fields of an entry were written.
using field_places = std::map<std::string, place, std::less<>>;

/// A field that is there and not empty; its place goes into `own`.
[[nodiscard]] std::optional<value> take_field(mapping& keys, std::string_view key, std::string_view field,
                                              field_places& own);

/// The keys of one issuer, of a certificate (the short form) or of an element
/// of `issuers`. What is not written stays as it is.
void read_issuer(mapping& keys, certificate_issuer& into, field_places& own);

/// An issuer and where its fields were written.
struct issuer_entry {
  certificate_issuer issuer;
  field_places own;
  place whole;
};

inline constexpr std::size_t issuers_max = 10;

/// The list `issuers`: mappings, or just names and addresses of CAs. Reports
/// more than issuers_max of them, and a CA that is there twice.
[[nodiscard]] std::vector<issuer_entry> read_issuers(const value& list);

}  // namespace cardea::config
