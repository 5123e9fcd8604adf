#include "app/activation.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace cardea::app {
namespace {

using proxy::net::endpoint;
using proxy::net::file_descriptor;
using proxy::net::listening_sockets;
using proxy::net::transport;

int option_of(int fd, int option) {
  int out = -1;
  socklen_t size = sizeof out;
  return ::getsockopt(fd, SOL_SOCKET, option, &out, &size) == 0 ? out : -1;
}

base::result<endpoint> endpoint_of_socket(const base::activated_socket& from) {
  const std::string step = "the service manager's socket " + std::to_string(from.fd) + " (" + from.name + ")";
  const int domain = option_of(from.fd, SO_DOMAIN);
  const int type = option_of(from.fd, SO_TYPE);
  const bool is_ip = domain == AF_INET || domain == AF_INET6;
  const bool listens = type == SOCK_DGRAM || (type == SOCK_STREAM && option_of(from.fd, SO_ACCEPTCONN) == 1);
  if (!is_ip || !listens)
    return base::error(base::errc::invalid_argument,
                       step + " is no listening socket of TCP and no bound one of UDP: ListenStream= and ListenDatagram= "
                              "with an address, and Accept=no, make those");
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  if (::getsockname(from.fd, reinterpret_cast<sockaddr*>(&own), &size) != 0)
    return base::error(base::errc::invalid_argument, step + " has no address");
  return endpoint{base::address(reinterpret_cast<const sockaddr*>(&own), size),
                  type == SOCK_STREAM ? transport::tcp : transport::udp};
}

}  // namespace

base::result<std::vector<listening_sockets::entry>> sort_activated(const std::vector<base::activated_socket>& sockets) {
  std::vector<file_descriptor> owned;
  for (const base::activated_socket& each : sockets) owned.emplace_back(each.fd);
  std::vector<listening_sockets::entry> out;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    const auto at = endpoint_of_socket(sockets[i]);
    if (!at) return at.error();
    proxy::net::prepare_listening(owned[i], at->kind == transport::tcp, at->where.family());
    const auto same = std::find_if(out.begin(), out.end(), [&](const auto& each) { return each.at == *at; });
    auto& entry = same == out.end() ? out.emplace_back(listening_sockets::entry{*at, {}}) : *same;
    entry.sockets.push_back(std::move(owned[i]));
  }
  return out;
}

base::result<void> assign_activated(std::vector<listening_sockets::entry> sockets, const std::vector<endpoint>& wanted,
                                    const std::string& api_addr, inheritance& into) {
  const auto api = base::address::parse(api_addr);
  for (listening_sockets::entry& each : sockets) {
    const bool is_wanted = std::find(wanted.begin(), wanted.end(), each.at) != wanted.end();
    if (is_wanted) {
      into.listening.push_back(std::move(each));
    } else if (api && each.at.kind == transport::tcp && each.at.where == *api) {
      into.api = std::move(each.sockets.front());
      into.api_addr = api_addr;
    } else {
      std::string known;
      for (const endpoint& one : wanted) known += (known.empty() ? "" : ", ") + proxy::net::to_string(one);
      if (api) known += (known.empty() ? "" : ", ") + api->to_string() + " (api.addr)";
      return base::error(base::errc::invalid_argument,
                         "the service manager's socket for " + proxy::net::to_string(each.at) +
                             " is nobody's: the configuration listens on " + (known.empty() ? "nothing" : known) +
                             "; make the two say the same");
    }
  }
  return {};
}

}  // namespace cardea::app
