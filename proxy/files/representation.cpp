#include "proxy/files/representation.hpp"

#include "proxy/files/coding_choice.hpp"
#include "proxy/files/content_type.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

namespace cardea::proxy::files {
namespace {

using kind = found::kind;

constexpr std::string_view well_known = "/.well-known/";

kind kind_of_failure(int error) noexcept {
  if (means_missing(error)) return kind::missing;
  if (error == EACCES || error == EPERM) return kind::forbidden;
  return error == EMFILE || error == ENFILE || error == ENOMEM ? kind::exhausted : kind::broken;
}

// What can be opened and is no file or folder does not exist for clients.
found as_file(opened from, std::string path) {
  found out;
  if (from.is_file()) {
    out.what = kind::file;
    out.path = std::move(path);
    out.file = std::move(from);
  } else if (from.error != 0) {
    out.what = kind_of_failure(from.error);
    out.error = from.error;
  }
  return out;
}

found find_in_folder(const folder& below, const config::files_section& section, opened from, const std::string& path) {
  const bool has_slash = path.ends_with('/');
  found out;
  if (!has_slash && !section.spa) {
    out.what = kind::folder_without_slash;
    return out;
  }
  const std::string index = (has_slash ? path : path + "/") + section.index.substr(1);
  out = as_file(below.open(index), index);
  // A folder with an index of its own is none of the application's views.
  if (!has_slash && out.what == kind::file) out.what = kind::folder_without_slash;
  if (out.what != kind::missing || !has_slash || !section.directory_listing) return out;
  out.what = kind::listing;
  out.path = path;
  out.file = std::move(from);
  return out;
}

std::string make_tag(const struct stat& info, std::string_view coding) {
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "\"%llx-%llx-%lx%s%.*s\"", static_cast<unsigned long long>(info.st_size),
                static_cast<unsigned long long>(info.st_mtim.tv_sec), static_cast<unsigned long>(info.st_mtim.tv_nsec),
                coding.empty() ? "" : "-", static_cast<int>(coding.size()), coding.data());
  return text.data();
}

}  // namespace

bool has_dot_name(std::string_view path) noexcept {
  if (path.starts_with(well_known)) path.remove_prefix(well_known.size() - 1);
  return path.find("/.") != std::string_view::npos;
}

found find(const folder& below, const config::files_section& section, const std::string& path) {
  found out;
  if (below.error() != 0) {
    out.what = kind_of_failure(below.error());
    out.error = below.error();
    return out;
  }
  if (section.dot_files || !has_dot_name(path)) {
    opened at_path = below.open(path);
    out = at_path.is_folder() ? find_in_folder(below, section, std::move(at_path), path)
                              : as_file(std::move(at_path), path);
  }
  if (out.what == kind::missing && section.spa) out = as_file(below.open(section.index), section.index);
  return out;
}

representation represent(const folder& below, const config::files_section& section, found from,
                         std::string_view accept_encoding) {
  representation out;
  out.content_type = content_type(from.path, section);
  opened chosen = std::move(from.file);
  for (const config::content_coding each : choose_codings(accept_encoding, section.precompressed)) {
    opened beside = below.open(from.path + std::string(suffix_of(each)));
    // An older one was made of what the file was before.
    if (!beside.is_file() || beside.info.st_mtim.tv_sec < chosen.info.st_mtim.tv_sec) continue;
    chosen = std::move(beside);
    out.coding = each;
    break;
  }
  out.size = static_cast<std::uint64_t>(chosen.info.st_size);
  out.modified = chosen.info.st_mtim.tv_sec;
  out.tag = make_tag(chosen.info, out.coding ? name_of(*out.coding) : std::string_view{});
  out.fd = std::move(chosen.fd);
  return out;
}

}  // namespace cardea::proxy::files
