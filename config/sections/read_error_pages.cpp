#include "config/sections/read_error_pages.hpp"

#include "config/scalars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace cardea::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t bytes_max_max = std::size_t{64} << 20U;

bool is_missing(const base::error& error) { return error == base::make_error_code(base::errc::not_found); }

}  // namespace

folder_source disk_folders() {
  return [](const std::string& path) -> base::result<std::vector<std::string>> {
    std::error_code code;
    std::vector<std::string> out;
    fs::directory_iterator next(path, code);
    if (code == std::errc::no_such_file_or_directory)
      return base::error(base::errc::not_found, path);
    for (; !code && next != fs::directory_iterator(); next.increment(code)) {
      const std::string name = next->path().filename().string();
      std::error_code ignored;
      if (name.starts_with('.') || !next->is_regular_file(ignored)) continue;
      if (out.size() == error_page_count_max)
        return base::error(base::make_error_code(base::errc::limit_exceeded),
                           fmt::format("{}: more than {} files", path, error_page_count_max));
      out.push_back(name);
    }
    if (code) return base::error(base::errc::io, path + ": " + code.message());
    std::sort(out.begin(), out.end());
    return out;
  };
}

error_pages_section read_error_pages(mapping& keys) {
  error_pages_section out;
  const auto found = keys.take("error_pages");
  if (!found || found->is_null()) return out;
  if (found->tree().kind == node_kind::scalar) {
    const auto text = found->text();
    if (!text || text->empty()) return out;
    const auto is_on = parse_boolean(*text);
    if (is_on && !*is_on) out.folder.clear();
    if (!is_on) out.folder = *text;
    out.is_named = !is_on;
    return out;
  }
  const auto section = found->as_mapping();
  if (!section) return out;
  mapping own(*section);
  const std::string unnamed = out.folder;
  out.folder.clear();
  own.read_non_empty("folder", out.folder);
  out.is_named = !out.folder.empty();
  if (!out.is_named) out.folder = unnamed;
  own.read_size("bytes_max", out.bytes_max, 1'024, bytes_max_max);
  own.finish();
  return out;
}

base::result<std::shared_ptr<const error_page_files>> read_error_page_files(const error_pages_section& from,
                                                                            const folder_source& list,
                                                                            const page_source& read) {
  std::shared_ptr<const error_page_files> nothing;
  if (from.folder.empty()) return nothing;
  const auto names = list(from.folder);
  if (!names && is_missing(names.error()) && !from.is_named) return nothing;
  if (!names) return names.error().at(from.folder);
  error_page_files files;
  std::size_t total = 0;
  for (const std::string& name : *names) {
    auto text = read(from.folder + "/" + name);
    if (!text && is_missing(text.error())) continue;  // it went away between the two looks
    if (!text) return text.error().at(from.folder + "/" + name);
    total += text->size();
    if (total > from.bytes_max)
      return base::error(base::errc::limit_exceeded,
                         fmt::format("the files in {} are more than {} bytes; raise error_pages.bytes_max or remove some",
                                     from.folder, from.bytes_max));
    files.emplace(name, std::move(*text));
  }
  if (files.empty()) return nothing;
  return std::make_shared<const error_page_files>(std::move(files));
}

}  // namespace cardea::config
