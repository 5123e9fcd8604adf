#pragma once

#include "config/sections/files.hpp"
#include "proxy/files/folder.hpp"
#include "proxy/files/preconditions.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cardea::proxy::files {

/// A file as it may be sent: opened, in one coding, with all that its answer says of it.
struct representation {
  net::file_descriptor fd;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  ///< seconds since 1970
  std::string tag;            ///< strong: of size and time, to the nanosecond, and coding
  std::string_view content_type;
  std::optional<config::content_coding> coding;

  [[nodiscard]] validators validating() const noexcept { return {tag, modified}; }
};

/// What a path of the folder stands for.
struct found {
  enum class kind : std::uint8_t {
    file,
    folder_without_slash,  ///< its relative links need the slash
    listing,               ///< a folder to be listed
    missing,
    forbidden,  ///< the operating system does not let us read it
    exhausted,  ///< no descriptor or memory left
    broken,     ///< the file system failed
  };
  kind what = kind::missing;
  int error = 0;           ///< the errno behind forbidden, exhausted and broken
  opened file;             ///< of kind file and listing
  std::string path;        ///< of kind file: its name below the folder
};

/// `path` is decoded and normalised, and begins with a slash.
[[nodiscard]] found find(const folder& below, const config::files_section& section, const std::string& path);

/// Whether a segment begins with a dot; the first one may be `.well-known` (RFC 8615).
[[nodiscard]] bool has_dot_name(std::string_view path) noexcept;

/// The file itself, or what lies beside it, is no older, and is compressed as the client likes best.
[[nodiscard]] representation represent(const folder& below, const config::files_section& section, found from,
                                       std::string_view accept_encoding);

}  // namespace cardea::proxy::files
