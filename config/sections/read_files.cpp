#include "config/sections/read_files.hpp"

#include "base/text.hpp"
#include "config/scalars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace cardea::config {
namespace {

constexpr std::size_t content_types_max = 1'000;
constexpr std::int64_t listing_max = 100'000;
constexpr std::int64_t ranges_max = 1'000;

constexpr std::array<std::string_view, 6> own_keys{"dot_files",  "directory_listing", "directory_listing_max",
                                                   "ranges_max", "precompressed",     "content_types"};
constexpr std::array<std::string_view, 3> coding_names{"br", "zstd", "gzip"};

void read_root(mapping& keys, files_section& into, bool is_fileserver) {
  const auto root = keys.take("root");
  if (const auto text = root ? root->text() : std::nullopt) into.root = *text;
  if (!is_fileserver) return;
  if (!root || root->is_null() || (into.root.empty() && !root->tree().unresolved)) {
    const place where = keys.place_of("root");
    keys.whole().sink().error({errc::missing_field, std::string(where.file), where.at, where.path,
                               "missing field root: a fileserver needs an absolute folder"});
  } else if (!into.root.empty() && !into.root.starts_with('/')) {
    root->expected("an absolute folder");
  }
}

void read_index(mapping& keys, files_section& into) {
  const auto found = keys.take("index");
  const auto text = found ? found->text() : std::nullopt;
  if (!text || text->empty()) return;
  into.index = text->starts_with('/') ? *text : "/" + *text;
  if (into.index.ends_with('/') || (into.index + "/").find("/../") != std::string::npos)
    found->expected("the name of a file below the folder");
}

// A switch, or the codings in order of preference.
void read_precompressed(const value& from, std::vector<content_coding>& into) {
  const bool is_scalar = from.tree().kind == node_kind::scalar;
  if (is_scalar && parse_boolean(from.tree().text)) {
    if (from.boolean().value_or(false)) into = {content_coding::br, content_coding::zstd, content_coding::gzip};
    return;
  }
  for (const value& item : from.items()) {
    const auto text = item.text();
    if (!text) continue;
    const auto at = std::find(coding_names.begin(), coding_names.end(), base::to_lower(*text));
    if (at == coding_names.end()) {
      item.expected("br, zstd or gzip");
      continue;
    }
    const auto coding = static_cast<content_coding>(at - coding_names.begin());
    if (std::find(into.begin(), into.end(), coding) != into.end())
      item.fail(errc::duplicate, fmt::format("{} is named twice", *at));
    else
      into.push_back(coding);
  }
}

bool is_media_type(std::string_view text) {
  const auto slash = text.find('/');
  const bool is_clean =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && static_cast<unsigned char>(c) < 0x7f; });
  return is_clean && text.size() <= 256 && slash != std::string_view::npos && slash > 0 &&
         text.find(' ') > slash && slash + 1 < text.size();
}

void read_content_types(const value& from, files_section& into) {
  const auto section = from.as_mapping();
  if (!section) return;
  if (section->tree().members.size() > content_types_max)
    return from.fail(errc::limit_exceeded, fmt::format("more than {} extensions", content_types_max));
  for (const member& one : section->tree().members) {
    if (one.unresolved) continue;
    const place where{from.where().file, one.key_at, from.where().path + "." + one.key};
    const value item(from.sink(), one.value, where, false);
    std::string_view extension = one.key;
    if (extension.starts_with('.')) extension.remove_prefix(1);
    if (extension.empty() || extension.find_first_of("./") != std::string_view::npos) {
      item.fail(errc::invalid_value, "expected an extension like md, without a dot or a slash in it");
      continue;
    }
    const auto text = item.text();
    if (!text) continue;
    if (!is_media_type(*text)) {
      item.expected("a media type like text/plain; charset=utf-8");
      continue;
    }
    if (!into.content_types.try_emplace(base::to_lower(extension), *text).second)
      item.fail(errc::duplicate, fmt::format("the extension {} is named twice", extension));
  }
}

}  // namespace

files_section read_files(mapping& keys, bool is_fileserver) {
  files_section out;
  read_root(keys, out, is_fileserver);
  read_index(keys, out);
  keys.read("spa", out.spa);
  if (!is_fileserver) {
    for (const std::string_view key : own_keys)
      if (const auto found = keys.take(key))
        found->fail(errc::invalid_value, "only routes with scheme fileserver have it; remove it");
    return out;
  }
  keys.read("dot_files", out.dot_files);
  keys.read("directory_listing", out.directory_listing);
  keys.read_integer("directory_listing_max", out.directory_listing_max, 1, listing_max);
  keys.read_integer("ranges_max", out.ranges_max, 0, ranges_max);
  if (const auto found = keys.take("precompressed")) read_precompressed(*found, out.precompressed);
  if (const auto found = keys.take("content_types")) read_content_types(*found, out);
  return out;
}

}  // namespace cardea::config
