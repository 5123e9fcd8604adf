#include "proxy/client_census.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace cardea::proxy {

client_census::key client_census::key_of(const base::address& client) noexcept {
  key out{};
  if (client.family() == AF_INET) {
    const auto& v4 = *reinterpret_cast<const sockaddr_in*>(client.data());
    std::memcpy(out.data(), &v4.sin_addr, 4);
    out.back() = 4;
  } else if (client.family() == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6*>(client.data())->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6)) {
      std::memcpy(out.data(), v6.s6_addr + 12, 4);
      out.back() = 4;
    } else {
      std::memcpy(out.data(), v6.s6_addr, 8);
      out.back() = 6;
    }
  }
  return out;
}

std::size_t client_census::key_hash::operator()(const key& value) const noexcept {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(value.data()), value.size()});
}

client_census::entry::entry(client_census& in, const base::address& client) : census_(in), key_(key_of(client)) {
  if (census_.max_ == 0) return;
  std::uint32_t& count = census_.counts_[key_];
  admitted_ = count < census_.max_;
  if (!admitted_) return;
  ++count;
  counted_ = true;
}

client_census::entry::~entry() {
  if (!counted_) return;
  const auto at = census_.counts_.find(key_);
  if (--at->second == 0) census_.counts_.erase(at);
}

}  // namespace cardea::proxy
