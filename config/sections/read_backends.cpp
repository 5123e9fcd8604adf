#include "config/sections/read_backends.hpp"

#include "base/text.hpp"
#include "config/scalars.hpp"
#include "config/sections/read_backend_tls.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace cardea::config {
namespace {

enum class backend_scheme { http, https, h2c };

struct named_scheme {
  std::string_view name;
  std::string_view before;  ///< a host in a URL
  backend_scheme scheme;
};
constexpr std::array<named_scheme, 3> schemes{{{"http", "http://", backend_scheme::http},
                                               {"https", "https://", backend_scheme::https},
                                               {"h2c", "h2c://", backend_scheme::h2c}}};

struct origin {
  std::optional<backend_scheme> scheme;
  std::string host;
  std::optional<std::uint16_t> port;
};

std::optional<std::uint16_t> port_in(std::string_view text) {
  const auto number = parse_integer(text);
  if (!number || *number < 1 || *number > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

// `host`, `host:port`, `[v6]:port`, with or without http://, https:// or h2c:// before and / behind.
std::optional<origin> parse_origin(std::string_view text) {
  origin out;
  const std::string lower = base::to_lower(text);
  std::string_view rest = lower;
  for (const named_scheme& each : schemes) {
    if (!rest.starts_with(each.before)) continue;
    out.scheme = each.scheme;
    rest.remove_prefix(each.before.size());
    if (rest.ends_with('/')) rest.remove_suffix(1);
    break;
  }
  const auto colon = rest.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (rest.find(':') == colon || rest[colon - 1] == ']');
  if (has_port) {
    out.port = port_in(rest.substr(colon + 1));
    if (!out.port) return std::nullopt;
    rest = rest.substr(0, colon);
  }
  if (rest.size() > 2 && rest.front() == '[' && rest.back() == ']') rest = rest.substr(1, rest.size() - 2);
  if (!is_host(rest)) return std::nullopt;
  out.host = rest;
  return out;
}

void complete(backend_entry& entry, std::optional<backend_scheme> scheme, std::optional<std::uint16_t> port) {
  const auto usual = port && *port % 1'000 == 443 ? backend_scheme::https : backend_scheme::http;
  entry.tls = scheme.value_or(usual) == backend_scheme::https;
  entry.http2 = scheme == backend_scheme::h2c;
  entry.port = port.value_or(entry.tls ? 443 : 80);
}

std::optional<origin> read_origin(const value& from) {
  const auto text = from.text();
  if (!text) return std::nullopt;
  auto parsed = parse_origin(*text);
  if (!parsed) from.expected("host:port, http(s)://host:port or h2c://host:port, without a path");
  return parsed;
}

// The keys of one mapping; what is missing stays as in `entry`.
void read_mapping(const value& from, backend_entry& entry, const pem_source& read) {
  mapping keys(from);
  std::optional<backend_scheme> scheme;
  std::optional<std::uint16_t> port;
  const auto url = keys.take("url");
  const auto host = keys.take("host");
  if (url && host) host->fail(errc::duplicate, "url names the host already; write one of both");
  if (const auto& named = url ? url : host) {
    if (const auto parsed = read_origin(*named)) {
      entry.host = parsed->host;
      scheme = parsed->scheme;
      port = parsed->port;
      if (!url && (scheme || port)) named->expected("a host name or an IP address", "write it as \"url\"");
    }
  } else {
    const place where = keys.place_of("host");
    from.sink().error({errc::missing_field, std::string(where.file), where.at, where.path,
                       "missing field host: a backend is a host and a port, or a url"});
  }
  if (const auto found = keys.take("port"))
    if (const auto number = found->integer(1, 65'535)) port = static_cast<std::uint16_t>(*number);
  if (const auto found = keys.take("scheme"))
    if (const auto text = found->text(); text && !text->empty()) {
      const std::string name = base::to_lower(*text);
      const auto named = std::find_if(schemes.begin(), schemes.end(), [&](const auto& each) { return each.name == name; });
      if (named != schemes.end())
        scheme = named->scheme;
      else
        found->expected("http, https or h2c");
    }
  complete(entry, scheme, port);
  keys.read_integer("weight", entry.weight, 1, 1'000);
  entry.tls_options = read_backend_tls(keys, entry.tls, read, std::move(entry.tls_options));
  keys.read_integer("max_conns_per_host", entry.max_conns_per_host, 0, 1'000'000);
  keys.finish();
}

}  // namespace

std::vector<backend_entry> read_backends(const value& from, const backend_entry& common, const pem_source& read) {
  std::vector<backend_entry> out;
  const auto items = from.items();
  if (items.size() > backends_max) {
    from.fail(errc::limit_exceeded, fmt::format("more than {} backends", backends_max));
    return out;
  }
  for (const value& item : items) {
    backend_entry entry = common;
    if (item.tree().kind == node_kind::mapping) {
      read_mapping(item, entry, read);
    } else if (item.is_null()) {
      item.expected("a backend: host and port, or a url");
    } else if (const auto parsed = read_origin(item)) {
      entry.host = parsed->host;
      complete(entry, parsed->scheme, parsed->port);
    }
    const auto same = [&](const backend_entry& one) { return one.host == entry.host && one.port == entry.port; };
    if (std::any_of(out.begin(), out.end(), same))
      item.fail(errc::duplicate, fmt::format("{}:{} is in the list already", entry.host, entry.port));
    else
      out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace cardea::config
