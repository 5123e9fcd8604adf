#include "proxy/net/proxy_protocol.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

// A PROXY header that arrives byte by byte must be judged as the whole one is, and a reader that
// sleeps until as many bytes are there as it was told to wait for must not sleep for ever.
namespace {

namespace net = cardea::proxy::net;
using state = net::proxy_header::state;

constexpr std::size_t bytes_max = 512;

void require(bool holds) {
  if (!holds) std::abort();
}

net::proxy_header parse_copy(std::string_view bytes) {
  const std::unique_ptr<char[]> copy(new char[bytes.size()]);  // so that a read beyond it is seen
  if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
  return net::parse_proxy_header({copy.get(), bytes.size()}, bytes_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const net::proxy_header whole = parse_copy(bytes);

  net::proxy_header sleeper{state::need_more, 1};
  while (sleeper.found == state::need_more && sleeper.bytes <= size) {
    const std::size_t there = sleeper.bytes;
    sleeper = parse_copy(bytes.substr(0, there));
    if (sleeper.found == state::need_more) require(sleeper.bytes > there);
  }
  require(sleeper.found == whole.found);
  require(sleeper.source == whole.source && sleeper.destination == whole.destination);
  if (whole.found == state::need_more) require(whole.bytes > size && whole.bytes <= bytes_max);
  if (whole.found == state::complete) {
    require(whole.bytes <= size && whole.bytes <= bytes_max && sleeper.bytes == whole.bytes);
    require(whole.source.has_value() == whole.destination.has_value());
    if (whole.source) {
      const net::proxy_header_text again = net::make_proxy_header(*whole.source, *whole.destination);
      const net::proxy_header read = net::parse_proxy_header(again.view(), bytes_max);
      require(read.found == state::complete && read.bytes == again.size);
      require(read.source->to_string() == whole.source->to_string());
      require(read.destination->to_string() == whole.destination->to_string());
    }
  }
  if (whole.found == state::malformed) require(!whole.reason.empty());
  return 0;
}
