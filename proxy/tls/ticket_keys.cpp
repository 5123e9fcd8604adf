#include "proxy/tls/ticket_keys.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

namespace cardea::proxy::tls {
namespace {

template <std::size_t N>
void fill(std::array<unsigned char, N>& bytes) {
  if (RAND_bytes(bytes.data(), N) != 1) throw std::runtime_error("no random bytes for the session ticket keys");
}

}  // namespace

ticket_key::ticket_key() {
  fill(name);
  fill(cipher);
  fill(mac);
}

ticket_key::~ticket_key() {
  OPENSSL_cleanse(cipher.data(), cipher.size());
  OPENSSL_cleanse(mac.data(), mac.size());
}

std::shared_ptr<const ticket_keys> ticket_keys::after(const ticket_keys& older) {
  auto out = std::make_shared<ticket_keys>();
  std::copy_n(older.keys_.begin(), keys_max - 1, out->keys_.begin() + 1);
  return out;
}

const ticket_key* ticket_keys::find(std::span<const unsigned char, 16> name) const noexcept {
  for (const auto& each : keys_)
    if (each && std::equal(name.begin(), name.end(), each->name.begin())) return each.get();
  return nullptr;
}

std::size_t ticket_rotation::due(time_point now, duration every) noexcept {
  std::size_t count = 0;
  while (count < ticket_keys::keys_max && now - last_ >= every) {
    last_ += every;
    ++count;
  }
  // A clock that stood still for days is no reason to rotate again at once.
  if (count == ticket_keys::keys_max) last_ = now;
  return count;
}

}  // namespace cardea::proxy::tls
