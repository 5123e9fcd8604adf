#pragma once

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::config {

/// What is wrong with a configuration, to decide on; the text of an issue is to read.
enum class errc {
  syntax = 1,        ///< not YAML, or a construct of YAML that is not supported
  limit_exceeded,    ///< a maximum of document_limits was crossed
  unreadable_file,   ///< missing or not readable
  unset_variable,    ///< `${X}` without a value
  unknown_key,       ///< a key that neither Cardea nor GoDoxy knows
  unsupported,       ///< known from GoDoxy, not part of this version
  duplicate,         ///< a key, a route or a file that is there already
  invalid_value,     ///< a value of the wrong kind or out of range
  missing_field,     ///< a key that is required here
  duplicated_path,   ///< two certificates that would be written to one file
  invalid_domain,    ///< not a name that a certificate can have
  unknown_provider,  ///< neither a built-in certificate provider nor a DNS provider
};

const boost::system::error_category& config_category() noexcept;
boost::system::error_code make_error_code(errc value) noexcept;

/// 1-based, as editors count; 0:0 when a whole file or the environment is meant.
struct position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend bool operator==(const position&, const position&) = default;
};

/// One thing that is wrong, or worth knowing, with its place. Never holds a secret.
struct issue {
  errc code;
  std::string file;
  position at;
  std::string path;  ///< of the key, as `autocert.extra[1].domains[0]`; empty for a whole file
  std::string text;  ///< "expected X, found Y; did you mean Z?"
};

/// One line for each issue: `file:line:column: key.path: text`.
[[nodiscard]] std::string format_issue(const issue& one);
/// The same for all of them, each ended by a line feed.
[[nodiscard]] std::string format_issues(std::span<const issue> all);

/// `; did you mean "word"?` for the candidate nearest to `word`; empty when none is near.
[[nodiscard]] std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

/// `parent.key`; a key with other bytes than letters, digits, `_` and `-` is put in quotes.
[[nodiscard]] std::string child_path(std::string_view parent, std::string_view key);

/// Text from a file made safe for one line of a terminal: control bytes
/// escaped, no more than 80 bytes, a password within a URL replaced by `***`.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace cardea::config

template <>
struct boost::system::is_error_code_enum<cardea::config::errc> : std::true_type {};
