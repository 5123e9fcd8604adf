#include "proxy/files/file_server.hpp"

#include "proxy/files/welcome_page.hpp"
#include "proxy/http/error_page.hpp"
#include "proxy/http/path.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <vector>

namespace cardea::proxy::files {
namespace {

using http::failure;
using http::failure_kind;
using http::side;

constexpr base::tick_ms write_timeout = 60'000;

struct content_type {
  std::string_view extension;
  std::string_view type;
};
constexpr std::array<content_type, 24> content_types{{
    {".html", "text/html; charset=utf-8"}, {".htm", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},   {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"}, {".json", "application/json"},
    {".txt", "text/plain; charset=utf-8"}, {".xml", "application/xml"},
    {".svg", "image/svg+xml"},             {".png", "image/png"},
    {".jpg", "image/jpeg"},                {".jpeg", "image/jpeg"},
    {".gif", "image/gif"},                 {".webp", "image/webp"},
    {".avif", "image/avif"},               {".ico", "image/x-icon"},
    {".woff", "font/woff"},                {".woff2", "font/woff2"},
    {".ttf", "font/ttf"},                  {".pdf", "application/pdf"},
    {".wasm", "application/wasm"},         {".mp4", "video/mp4"},
    {".webm", "video/webm"},               {".webmanifest", "application/manifest+json"},
}};

std::string_view type_of(std::string_view path) noexcept {
  const auto dot = path.rfind('.');
  if (dot != std::string_view::npos)
    for (const content_type& each : content_types)
      if (each.extension == path.substr(dot)) return each.type;
  return "application/octet-stream";
}

// The name below the root that a request target stands for (T07).
bool file_path(std::string_view target, std::string& out) {
  std::vector<char> normalised(target.size() + 1);
  const http::normalised_path clean = http::normalise_path(target, {}, normalised);
  if (clean.error != http::path_error::none) return false;
  std::vector<char> decoded(clean.path.size() + 1);
  const auto bytes = http::decode_path(clean.path, decoded);
  if (!bytes || bytes->empty()) return false;
  out = *bytes;
  return true;
}

struct opened_file {
  net::file_descriptor fd;
  struct stat info {};
};

// The kernel itself refuses to leave the folder, whatever links or dots say.
opened_file open_beneath(const std::string& folder, const std::string& path) {
  opened_file out;
  const net::file_descriptor root(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root) return out;
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const std::string relative = path == "/" ? "." : path.substr(1);
  out.fd = net::file_descriptor(
      static_cast<int>(syscall(SYS_openat2, root.get(), relative.c_str(), &how, sizeof how)));
  if (out.fd && fstat(out.fd.get(), &out.info) != 0) out.fd.reset();
  return out;
}

opened_file find_file(const routing::file_root& root, std::string& path) {
  opened_file found = open_beneath(root.folder, path);
  if (found.fd && S_ISDIR(found.info.st_mode)) {
    path += path.ends_with('/') ? root.index.substr(1) : root.index;
    found = open_beneath(root.folder, path);
  }
  if (!found.fd && root.spa) {
    path = root.index;
    found = open_beneath(root.folder, path);
  }
  if (found.fd && !S_ISREG(found.info.st_mode)) found.fd.reset();
  return found;
}

std::string entity_tag(const struct stat& info) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "\"%llx-%llx-%lx\"", static_cast<unsigned long long>(info.st_size),
                static_cast<unsigned long long>(info.st_mtim.tv_sec), info.st_mtim.tv_nsec);
  return text.data();
}

bool matches_tag(const http::exchange& request, std::string_view tag) noexcept {
  const http::field* condition = request.head().fields.find(http::field_id::if_none_match);
  if (condition == nullptr) return false;
  const std::string_view value = http::value_of(*condition, request.bytes());
  return value == "*" || value.find(tag) != std::string_view::npos;
}

// Sends the file as the client takes it; an early end of the file breaks the announced length visibly.
net::task<void> send_file(http::exchange& to, int fd, std::uint64_t size, net::buffer_pool& buffers) {
  net::buffer memory = buffers.take();
  std::uint64_t offset = 0;
  while (offset < size) {
    const ssize_t got = pread(fd, memory.data(), net::buffer_pool::buffer_bytes, static_cast<off_t>(offset));
    if (got <= 0) {
      to.abort();
      co_return;
    }
    std::string_view data(memory.data(), std::min<std::uint64_t>(static_cast<std::uint64_t>(got), size - offset));
    offset += data.size();
    while (!data.empty()) {
      data.remove_prefix(to.write_body(data));
      const net::io state = to.flush();
      if (state == net::io::done) continue;
      net::wake woken = net::wake::stopping;
      if (state == net::io::blocked) woken = co_await to.waiter().wait(to.waiter().loop().now() + write_timeout);
      if (woken == net::wake::ready) continue;
      to.abort();
      co_return;
    }
  }
  to.end_body({});
}

net::task<void> finish(http::exchange& to) {
  while (to.flush() == net::io::blocked) {
    const net::wake woken = co_await to.waiter().wait(to.waiter().loop().now() + write_timeout);
    if (woken != net::wake::ready) {
      to.abort();
      co_return;
    }
  }
}

}  // namespace

net::task<void> serve(http::exchange& request, const routing::file_root& root, net::buffer_pool& buffers) {
  const http::request_head& head = request.head();
  const std::string_view method = head.method.in(request.bytes());
  if (method != "GET" && method != "HEAD") {
    request.close_after();
    const std::string page = http::error_page(405);
    co_await http::respond(request, 405, http::error_page_type, page, "Allow: GET, HEAD\r\n");
    co_return;
  }
  if (root.folder.empty()) {
    co_await http::respond(request, 200, "text/html; charset=utf-8", welcome_page);
    co_return;
  }
  std::string path;
  if (!file_path(head.path.in(request.bytes()), path)) {
    const failure refused{failure_kind::refused_request, side::client, 400, "an unusable path"};
    co_await http::respond(request, refused);
    co_return;
  }
  const opened_file file = find_file(root, path);
  if (!file.fd) {
    const failure missing{failure_kind::not_found, side::internal, 0, "no such file"};
    co_await http::respond(request, missing);
    co_return;
  }
  const std::string tag = entity_tag(file.info);
  const bool unchanged = matches_tag(request, tag);
  std::string fields = "ETag: " + tag + "\r\n";
  if (!unchanged) fields += "Content-Type: " + std::string(type_of(path)) + "\r\n";
  if (head.framing != http::body_framing::none) request.close_after();
  http::response_start start;
  start.status = unchanged ? 304 : 200;
  start.reason = http::reason_phrase(start.status);
  start.extra_fields = fields;
  const bool with_body = !unchanged && !head.is_head;
  start.framing = with_body ? http::body_framing::length : http::body_framing::none;
  start.content_length = static_cast<std::uint64_t>(file.info.st_size);
  start.announce_length = !unchanged;
  if (!request.send_head(start)) {
    request.abort();
    co_return;
  }
  if (with_body)
    co_await send_file(request, file.fd.get(), start.content_length, buffers);
  else
    request.end_body({});
  co_await finish(request);
}

}  // namespace cardea::proxy::files
