#include "proxy/tls/ticket_keys.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <cstring>
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

ticket_key::ticket_key(std::span<const char, bytes> from) noexcept {
  std::memcpy(name.data(), from.data(), name.size());
  std::memcpy(cipher.data(), from.data() + name.size(), cipher.size());
  std::memcpy(mac.data(), from.data() + name.size() + cipher.size(), mac.size());
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

std::string ticket_keys::bytes() const {
  std::string out;
  out.reserve(keys_max * ticket_key::bytes);  // a string that grows leaves copies behind
  const auto append = [&out](const auto& part) { out.append(reinterpret_cast<const char*>(part.data()), part.size()); };
  for (const auto& each : keys_) {
    if (!each) break;
    append(each->name);
    append(each->cipher);
    append(each->mac);
  }
  return out;
}

std::shared_ptr<const ticket_keys> ticket_keys::of(std::string_view bytes) {
  const std::size_t count = bytes.size() / ticket_key::bytes;
  if (count == 0 || count > keys_max || bytes.size() % ticket_key::bytes != 0) return nullptr;
  auto out = std::make_shared<ticket_keys>();
  for (std::size_t i = 0; i < count; ++i)
    out->keys_[i] = std::make_shared<const ticket_key>(
        std::span<const char, ticket_key::bytes>(bytes.data() + i * ticket_key::bytes, ticket_key::bytes));
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
