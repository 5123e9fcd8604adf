#include "api/access.hpp"

#include "base/dns_name.hpp"
#include "base/text.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace cardea::api {
namespace {

struct authority {
  std::string host;  ///< normalised, IPv6 without brackets
  std::string port;  ///< empty = the scheme's default
};

bool is_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Nothing for what is not `host`, `host:port`, `[v6]` or `[v6]:port`.
std::optional<authority> split(std::string_view text) {
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && !rest.starts_with(':')) return std::nullopt;
    port = rest.empty() ? rest : rest.substr(1);
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  if (host.empty() || !is_digits(port) || host.find_first_of(" \t/@?#\\") != std::string_view::npos)
    return std::nullopt;
  return authority{base::normalise_dns_name(host), std::string(port)};
}

std::optional<boost::asio::ip::address> parsed_address(std::string_view text) {
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(std::string(text), ec);
  if (ec) return std::nullopt;
  return address;
}

bool is_loopback_name(std::string_view name) {
  if (name == "localhost" || name.ends_with(".localhost")) return true;
  const auto address = parsed_address(name);
  return address && address->is_loopback();
}

// "http://a" and Host "a:80" are the same place.
bool is_same_place(std::string_view origin, const authority& host) {
  const bool tls = origin.starts_with("https://");
  if (!tls && !origin.starts_with("http://")) return false;
  auto from = split(origin.substr(tls ? 8 : 7));
  if (!from) return false;
  const std::string_view default_port = tls ? "443" : "80";
  const std::string_view from_port = from->port.empty() ? default_port : std::string_view(from->port);
  const std::string_view host_port = host.port.empty() ? default_port : std::string_view(host.port);
  return from->host == host.host && from_port == host_port;
}

}  // namespace

access_rules::access_rules(std::string_view listen_host)
    : listen_host_(base::normalise_dns_name(listen_host)) {}

bool access_rules::is_own_host(std::string_view name, std::string_view local_address) const {
  if (is_loopback_name(name) || (!listen_host_.empty() && name == listen_host_)) return true;
  const auto address = parsed_address(name);
  return address && address == parsed_address(local_address);
}

std::optional<refusal> access_rules::refuse(const request_source& source,
                                            std::string_view local_address) const {
  const auto host = source.host ? split(*source.host) : std::nullopt;
  if (!host) return refusal{400, "the Host header is missing or malformed"};
  if (!is_own_host(host->host, local_address)) return refusal{403, "this host name is not served here"};
  if (source.origin && !is_same_place(*source.origin, *host))
    return refusal{403, "requests from another origin are refused"};
  if (source.fetch_site && base::equal_ignoring_case(*source.fetch_site, "cross-site"))
    return refusal{403, "cross-site requests are refused"};
  if (source.fetch_mode && base::equal_ignoring_case(*source.fetch_mode, "no-cors"))
    return refusal{403, "no-cors requests are refused"};
  return std::nullopt;
}

}  // namespace cardea::api
