#include "proxy/tls/raw_hello.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

// A ClientHello that comes in pieces must be judged as the whole one is, by a reader that sleeps until
// as many bytes are there as it was told to wait for; cut into records anew it must name the same host.
namespace {

namespace tls = cardea::proxy::tls;
using state = tls::raw_hello::state;

void require(bool holds) {
  if (!holds) std::abort();
}

struct outcome {
  state seen = state::need_more;
  std::size_t bytes = 1;
  std::string name;
};

outcome read_copy(std::string_view bytes) {
  const std::unique_ptr<char[]> copy(new char[bytes.size()]);  // so that a read beyond it is seen
  if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
  const tls::raw_hello out = tls::read_raw_hello({copy.get(), bytes.size()});
  return {out.seen, out.bytes, out.server_name};
}

std::string records_of(std::string_view handshake, std::size_t size) {
  std::string out;
  for (std::size_t at = 0; at < handshake.size(); at += size) {
    const std::string_view piece = handshake.substr(at, size);
    out += "\x16\x03\x01";
    out += static_cast<char>(piece.size() >> 8U);
    out += static_cast<char>(piece.size() & 0xffU);
    out += piece;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};

  // As it stands on the wire.
  const outcome whole = read_copy(bytes);
  outcome sleeper;
  while (sleeper.seen == state::need_more && sleeper.bytes <= bytes.size()) {
    const std::size_t there = sleeper.bytes;
    sleeper = read_copy(bytes.substr(0, there));
    if (sleeper.seen == state::need_more) require(sleeper.bytes > there);
  }
  // It may sleep through garbage, never through a name.
  const bool slept_through = sleeper.seen == state::need_more && whole.seen == state::none;
  require((sleeper.seen == whole.seen || slept_through) && sleeper.name == whole.name);
  require(whole.name.size() <= 255);

  // As a handshake in records: one whole, and in small ones.
  if (bytes.empty() || bytes.size() > 8'000) return 0;
  const outcome one = read_copy(records_of(bytes, bytes.size()));
  const outcome many = read_copy(records_of(bytes, 1 + data[0] % 64));
  require(one.seen == many.seen && one.name == many.name);
  return 0;
}
