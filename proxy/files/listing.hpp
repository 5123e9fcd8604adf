#pragma once

#include "proxy/files/representation.hpp"
#include "proxy/http/exchange.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::proxy::files {

struct listed_name {
  std::string name;
  bool is_folder = false;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  ///< seconds since 1970
};

/// A page that shows the names, folders first, each escaped for where it stands. `is_cut`: there are more.
[[nodiscard]] std::string listing_page(std::string_view path, std::vector<listed_name> names, bool is_cut);

/// Answers with what clients may ask for in the folder `what`: files and folders, hidden ones only with `dot_files`,
/// links only when they lead to something within the root. Reads a bounded number of names in each turn.
/// REQUIRES: all but `what` outlive the task; `what.what` is a listing.
[[nodiscard]] net::task<void> list_folder(http::exchange& request, const folder& below,
                                          const config::files_section& section, found what);

}  // namespace cardea::proxy::files
