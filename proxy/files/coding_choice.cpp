#include "proxy/files/coding_choice.hpp"

#include "base/text.hpp"
#include "proxy/http/quality_list.hpp"

#include <algorithm>
#include <array>

namespace cardea::proxy::files {
namespace {

using config::content_coding;

struct coding_names {
  std::string_view name;
  std::string_view suffix;
};
constexpr std::array<coding_names, 3> names{{{"br", ".br"}, {"zstd", ".zst"}, {"gzip", ".gz"}}};

/// Weights; -1 for what the field does not name.
struct wishes {
  std::array<int, names.size()> codings{-1, -1, -1};
  int identity = -1;
  int others = -1;
};

wishes read(std::string_view field) noexcept {
  wishes out;
  http::for_each_weighted(field, [&](std::string_view name, int weight) noexcept {
    if (name == "*") out.others = weight;
    if (base::equal_ignoring_case(name, "identity")) out.identity = weight;
    for (std::size_t i = 0; i < names.size(); ++i) {
      const bool is_alias = i == static_cast<std::size_t>(content_coding::gzip) && base::equal_ignoring_case(name, "x-gzip");
      if (is_alias || base::equal_ignoring_case(name, names[i].name)) out.codings[i] = std::max(out.codings[i], weight);
    }
  });
  return out;
}

}  // namespace

std::string_view name_of(content_coding coding) noexcept { return names[static_cast<std::size_t>(coding)].name; }
std::string_view suffix_of(content_coding coding) noexcept { return names[static_cast<std::size_t>(coding)].suffix; }

std::vector<content_coding> choose_codings(std::string_view accept_encoding, std::span<const content_coding> offered) {
  const wishes wanted = read(accept_encoding);
  const auto weight = [&](content_coding coding) noexcept {
    const int own = wanted.codings[static_cast<std::size_t>(coding)];
    return own >= 0 ? own : std::max(0, wanted.others);
  };
  // What is not named is taken when nothing better is there.
  const int identity = std::max(0, wanted.identity);
  std::vector<content_coding> out;
  for (const content_coding each : offered)
    if (weight(each) > 0 && weight(each) >= identity) out.push_back(each);
  std::stable_sort(out.begin(), out.end(),
                   [&](content_coding left, content_coding right) { return weight(left) > weight(right); });
  return out;
}

}  // namespace cardea::proxy::files
