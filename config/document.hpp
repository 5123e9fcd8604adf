#pragma once

#include "config/issue.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::config {

enum class node_kind { null, scalar, sequence, mapping };

struct member;

/// One value of a YAML document with its place.
///
/// Aliases (`*name`) are expanded to copies that keep the place of the
/// original, merge keys (`<<`) are applied, scalars are text.
struct node {
  node_kind kind = node_kind::null;
  position at;
  std::string text;             ///< of a scalar; after substitution: with the variables' values
  std::string written;          ///< of a scalar that had variables in it: the text as it was written
  bool unresolved = false;      ///< a variable had no value: reported already, nothing else to say
  std::vector<node> items;      ///< of a sequence
  std::vector<member> members;  ///< of a mapping, in the order of the file
};

struct member {
  std::string key;
  position key_at;
  node value;
  bool unresolved = false;  ///< a variable in the key had no value
};

/// What a file may ask of the reader; a configuration of 10,000 routes stays below.
struct document_limits {
  std::size_t text_bytes_max = 4U << 20U;     ///< of one file
  std::size_t depth_max = 32;                 ///< nested collections
  std::size_t node_count_max = 200'000;       ///< after aliases are expanded
  std::size_t scalar_bytes_max = 16U << 20U;  ///< of all scalars together, after aliases are expanded
  std::size_t key_bytes_max = 256;            ///< of one key
};

struct document {
  std::string file;
  node root;  ///< null when there is nothing but comments
};

/// Reads one YAML document. What is wrong is added to `issues`; the result is
/// what could be read, and is worth reading on only when nothing was added.
///
/// Errors: errc::syntax (with YAML's own complaint), errc::limit_exceeded,
/// errc::duplicate for a key that a mapping has twice.
[[nodiscard]] document parse_document(std::string file, std::string_view text, std::vector<issue>& issues,
                                      const document_limits& limits = {});

}  // namespace cardea::config
