#include "proxy/stream/udp_batch.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cardea::proxy::stream {
namespace {

// The address that an answer leaves from, as the kernel wants it; how many bytes it takes.
std::size_t write_source(std::uint8_t* into, const local_end& from) noexcept {
  if (from.family == AF_UNSPEC) return 0;
  cmsghdr header{};
  if (from.family == AF_INET) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, from.ip.data(), sizeof info.ipi_spec_dst);
    header.cmsg_level = IPPROTO_IP;
    header.cmsg_type = IP_PKTINFO;
    header.cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(into, &header, sizeof header);
    std::memcpy(into + CMSG_LEN(0), &info, sizeof info);
    return CMSG_SPACE(sizeof info);
  }
  in6_pktinfo info{};
  std::memcpy(&info.ipi6_addr, from.ip.data(), sizeof info.ipi6_addr);
  info.ipi6_ifindex = from.interface;
  header.cmsg_level = IPPROTO_IPV6;
  header.cmsg_type = IPV6_PKTINFO;
  header.cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(into, &header, sizeof header);
  std::memcpy(into + CMSG_LEN(0), &info, sizeof info);
  return CMSG_SPACE(sizeof info);
}

}  // namespace

udp_batch::udp_batch()
    : data_(new char[datagrams_max * datagram_bytes_max]), headers_(datagrams_max), pieces_(datagrams_max),
      names_(datagrams_max) {}

udp_batch::received udp_batch::receive(int fd, bool from_clients) noexcept {
  for (std::size_t i = 0; i < datagrams_max; ++i) {
    pieces_[i] = {data_.get() + i * datagram_bytes_max, datagram_bytes_max};
    headers_[i] = {};
    headers_[i].msg_hdr.msg_iov = &pieces_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
    if (!from_clients) continue;
    headers_[i].msg_hdr.msg_name = &names_[i];
    headers_[i].msg_hdr.msg_namelen = sizeof names_[i];
    headers_[i].msg_hdr.msg_control = controls_[i].data();
    headers_[i].msg_hdr.msg_controllen = controls_[i].size();
  }
  const int got = ::recvmmsg(fd, headers_.data(), datagrams_max, MSG_DONTWAIT, nullptr);
  if (got < 0) return {0, errno};
  for (int i = 0; i < got; ++i) pieces_[static_cast<std::size_t>(i)].iov_len = headers_[static_cast<std::size_t>(i)].msg_len;
  return {static_cast<std::size_t>(got), 0};
}

base::address udp_batch::source(std::size_t index) const noexcept {
  return {reinterpret_cast<const sockaddr*>(&names_[index]), headers_[index].msg_hdr.msg_namelen};
}

local_end udp_batch::destination(std::size_t index) const noexcept {
  local_end out;
  auto* message = const_cast<msghdr*>(&headers_[index].msg_hdr);
  for (cmsghdr* each = CMSG_FIRSTHDR(message); each != nullptr; each = CMSG_NXTHDR(message, each)) {
    if (each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(each), sizeof info);
      out.family = AF_INET;
      std::memcpy(out.ip.data(), &info.ipi_addr, sizeof info.ipi_addr);
      return out;
    }
    if (each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(each), sizeof info);
      out.family = AF_INET6;
      out.interface = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? info.ipi6_ifindex : 0;
      std::memcpy(out.ip.data(), &info.ipi6_addr, sizeof info.ipi6_addr);
    }
  }
  return out;
}

udp_batch::received udp_batch::send(int fd, std::size_t first, std::size_t count) noexcept {
  for (std::size_t i = first; i < first + count; ++i) {
    headers_[i] = {};
    headers_[i].msg_hdr.msg_iov = &pieces_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
  }
  return send_prepared(fd, first, count);
}

udp_batch::received udp_batch::answer(int fd, std::size_t count, const base::address& client,
                                      const local_end& from) noexcept {
  const std::size_t control_bytes = write_source(controls_[0].data(), from);
  std::memcpy(&names_[0], client.data(), client.size());
  for (std::size_t i = 0; i < count; ++i) {
    headers_[i] = {};
    headers_[i].msg_hdr.msg_iov = &pieces_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
    headers_[i].msg_hdr.msg_name = &names_[0];
    headers_[i].msg_hdr.msg_namelen = client.size();
    headers_[i].msg_hdr.msg_control = control_bytes == 0 ? nullptr : controls_[0].data();
    headers_[i].msg_hdr.msg_controllen = control_bytes;
  }
  return send_prepared(fd, 0, count);
}

udp_batch::received udp_batch::send_prepared(int fd, std::size_t first, std::size_t count) noexcept {
  std::size_t sent = 0;
  while (sent < count) {
    const int out = ::sendmmsg(fd, headers_.data() + first + sent, static_cast<unsigned>(count - sent), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (out < 0) return {sent, errno};
    sent += static_cast<std::size_t>(out);
  }
  return {sent, 0};
}

}  // namespace cardea::proxy::stream
