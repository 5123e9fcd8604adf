#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace cardea::config {

/// How a file that lies beside another one is compressed: `.br`, `.zst`, `.gz`.
enum class content_coding : std::uint8_t { br, zstd, gzip };

/// A folder that is served, and how.
struct files_section {
  std::string root;                   ///< absolute; empty: the built-in welcome page
  std::string index = "/index.html";  ///< what a folder shows; begins with a slash
  bool spa = false;                   ///< unknown paths get the index of the root
  bool dot_files = false;             ///< names that begin with a dot exist; `/.well-known/` always does
  bool directory_listing = false;     ///< a folder without an index is listed
  std::size_t directory_listing_max = 1'000;  ///< names of one folder; the rest is not shown
  std::size_t ranges_max = 16;                ///< of one request; the whole file beyond; 0: there are no ranges (T15)
  std::vector<content_coding> precompressed;  ///< looked for, in order of preference
  std::map<std::string, std::string, std::less<>> content_types;  ///< by extension in lower case, without the dot
};

}  // namespace cardea::config
