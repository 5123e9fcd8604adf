#include "proxy/net/listening_sockets.hpp"

#include <algorithm>
#include <cerrno>

namespace cardea::proxy::net {

std::string to_string(const endpoint& at) {
  return at.where.to_string() + (at.kind == transport::udp ? " (UDP)" : "");
}

const listening_sockets::entry* listening_sockets::find(const endpoint& at) const noexcept {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const entry& each) { return each.at == at; });
  return found == entries_.end() ? nullptr : &*found;
}

base::result<void> listening_sockets::open(std::span<const endpoint> wanted) {
  std::vector<entry> fresh;
  for (const endpoint& at : wanted) {
    const bool is_there = has(at) || std::any_of(fresh.begin(), fresh.end(), [&](const entry& each) { return each.at == at; });
    if (is_there) continue;
    entry one{at, {}};
    for (std::size_t i = 0; i < workers_; ++i) {
      auto fd = at.kind == transport::tcp ? listen_on(at.where) : bind_datagrams(at.where);
      if (!fd) return fd.error();
      one.sockets.push_back(std::move(*fd));
    }
    fresh.push_back(std::move(one));
  }
  std::move(fresh.begin(), fresh.end(), std::back_inserter(entries_));
  return {};
}

base::result<std::vector<shared_socket>> listening_sockets::share(const endpoint& at, std::size_t worker) const {
  const std::string step = "cannot listen on " + at.where.to_string();
  const entry* const from = find(at);
  if (from == nullptr) return base::error(base::errc::not_found, step + ": it was not bound");
  const std::size_t count = from->sockets.size();
  std::vector<std::size_t> own;
  for (std::size_t i = worker; i < count; i += workers_) own.push_back(i);
  if (own.empty() && at.kind == transport::tcp) own.push_back(worker % count);
  std::vector<shared_socket> out;
  for (const std::size_t index : own) {
    out.push_back({index, from->sockets[index].duplicate()});
    if (!out.back().fd)
      return base::error(base::error_code(errno, boost::system::generic_category()),
                         step + ": " + boost::system::generic_category().message(errno));
  }
  return out;
}

void listening_sockets::close(const endpoint& at) noexcept {
  std::erase_if(entries_, [&](const entry& each) { return each.at == at; });
}

}  // namespace cardea::proxy::net
