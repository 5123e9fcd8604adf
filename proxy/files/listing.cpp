#include "proxy/files/listing.hpp"

#include "base/text.hpp"
#include "proxy/http/characters.hpp"
#include "proxy/http/date.hpp"
#include "proxy/http/error_page.hpp"
#include "proxy/http/failure.hpp"
#include "proxy/http/markup.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <memory>

namespace cardea::proxy::files {
namespace {

// Each may cost a system call or three: other clients get their turn between.
constexpr std::size_t names_in_a_row = 128;

// Its own page: nothing that a name may hold can run, even if the escaping failed.
constexpr std::string_view listing_fields =
    "Cache-Control: no-cache\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
    "X-Content-Type-Options: nosniff\r\n";

struct close_folder {
  void operator()(DIR* open) const noexcept { closedir(open); }
};
using folder_stream = std::unique_ptr<DIR, close_folder>;

// What no request path can say is not shown (http::decode_path).
bool can_be_asked_for(std::string_view name, bool dot_files) noexcept {
  if (name == "." || name == "..") return false;
  if (name.starts_with('.') && !dot_files) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return c != '\\' && c != '\t' && http::is_text(c); });
}

bool look_at(const folder& below, const std::string& path, int folder_fd, const dirent& entry, listed_name& into) {
  struct stat info {};
  if (fstatat(folder_fd, entry.d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) return false;
  if (S_ISLNK(info.st_mode)) {
    const opened target = below.open(path + entry.d_name);
    if (!target.fd) return false;
    info = target.info;
  }
  if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) return false;
  into.name = entry.d_name;
  into.is_folder = S_ISDIR(info.st_mode);
  into.size = static_cast<std::uint64_t>(info.st_size);
  into.modified = info.st_mtim.tv_sec;
  return true;
}

std::string row(const listed_name& one) {
  const std::string slash = one.is_folder ? "/" : "";
  const std::string date(http::format_date(one.modified).view());
  return "<tr><td><a href=\"./" + base::percent_encode(one.name) + slash + "\">" + http::escape_markup(one.name) +
         slash + "</a></td><td class=\"n\">" + (one.is_folder ? "" : std::to_string(one.size)) + "</td><td>" + date +
         "</td></tr>\n";
}

}  // namespace

std::string listing_page(std::string_view path, std::vector<listed_name> names, bool is_cut) {
  std::sort(names.begin(), names.end(), [](const listed_name& a, const listed_name& b) {
    return a.is_folder != b.is_folder ? a.is_folder : a.name < b.name;
  });
  const std::string title = http::escape_markup(path);
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>" +
      title +
      "</title><style>body{font:1rem/1.5 system-ui,sans-serif;margin:2rem}td{padding:0 1rem 0 0}"
      ".n{text-align:right}</style></head><body>\n<h1>" +
      title + "</h1>\n<table>\n";
  if (path != "/") out += "<tr><td><a href=\"../\">../</a></td><td></td><td></td></tr>\n";
  for (const listed_name& each : names) out += row(each);
  out += "</table>\n";
  if (is_cut) out += "<p>There are more names, which are not shown.</p>\n";
  return out + "</body></html>\n";
}

net::task<void> list_folder(http::exchange& request, const folder& below, const config::files_section& section,
                            found what) {
  const int fd = fcntl(what.file.fd.get(), F_DUPFD_CLOEXEC, 0);
  const folder_stream stream(fd < 0 ? nullptr : fdopendir(fd));
  if (!stream) {
    const net::file_descriptor unused(fd);
    const http::failure cause{http::failure_kind::overloaded, http::side::internal, 0, "no descriptor for a folder"};
    co_await http::respond(request, cause);
    co_return;
  }
  std::vector<listed_name> names;
  bool is_cut = false;
  for (std::size_t seen = 1; !is_cut; ++seen) {
    const dirent* const entry = readdir(stream.get());
    if (entry == nullptr) break;
    listed_name next;
    if (can_be_asked_for(entry->d_name, section.dot_files) && look_at(below, what.path, fd, *entry, next)) {
      is_cut = names.size() == section.directory_listing_max;
      if (!is_cut) names.push_back(std::move(next));
    }
    if (seen % names_in_a_row != 0) continue;
    const net::wake woken = co_await request.waiter().yield();
    if (woken == net::wake::stopping || request.client_gone()) {
      request.abort();
      co_return;
    }
  }
  const std::string page = listing_page(what.path, std::move(names), is_cut);
  co_await http::respond(request, 200, http::error_page_type, page, listing_fields);
}

}  // namespace cardea::proxy::files
