#include "proxy/tls/hkdf.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>

namespace cardea::proxy::tls {
namespace {

constexpr std::size_t block_bytes_max = 128;
constexpr std::size_t label_bytes_max = 255;

std::size_t block_bytes(hash_function hash) noexcept { return hash == hash_function::sha384 ? 128 : 64; }

// Fetched once: a look-up in the library takes a lock that all threads share.
const EVP_MD* digest_of(hash_function hash) noexcept {
  static const std::array<EVP_MD*, 2> fetched{EVP_MD_fetch(nullptr, "SHA2-256", nullptr),
                                              EVP_MD_fetch(nullptr, "SHA2-384", nullptr)};
  return fetched[static_cast<std::size_t>(hash)];
}

struct digest_deleter {
  void operator()(EVP_MD_CTX* value) const noexcept { EVP_MD_CTX_free(value); }
};

// One state for each thread and function: the library makes a new one when the function changes.
EVP_MD_CTX* scratch_of(hash_function hash) noexcept {
  thread_local const std::array<std::unique_ptr<EVP_MD_CTX, digest_deleter>, 2> states{
      std::unique_ptr<EVP_MD_CTX, digest_deleter>(EVP_MD_CTX_new()),
      std::unique_ptr<EVP_MD_CTX, digest_deleter>(EVP_MD_CTX_new())};
  return states[static_cast<std::size_t>(hash)].get();
}

bool digest(hash_function hash, std::initializer_list<octets> pieces, unsigned char* out) noexcept {
  EVP_MD_CTX* const state = scratch_of(hash);
  if (state == nullptr || EVP_DigestInit_ex2(state, digest_of(hash), nullptr) != 1) return false;
  for (const octets piece : pieces)
    if (EVP_DigestUpdate(state, piece.data(), piece.size()) != 1) return false;
  return EVP_DigestFinal_ex(state, out, nullptr) == 1;
}

// RFC 2104.
bool hmac(hash_function hash, octets key, std::initializer_list<octets> message, unsigned char* out) noexcept {
  std::array<unsigned char, block_bytes_max> pad{};
  std::array<unsigned char, hash_bytes_max> inner{};
  const std::span block = std::span(pad).first(block_bytes(hash));
  bool done = true;
  if (key.size() > block.size())
    done = digest(hash, {key}, block.data());
  else
    std::ranges::copy(key, block.begin());
  for (unsigned char& each : block) each ^= 0x36;
  EVP_MD_CTX* const state = scratch_of(hash);
  done = done && state != nullptr && EVP_DigestInit_ex2(state, digest_of(hash), nullptr) == 1 &&
         EVP_DigestUpdate(state, block.data(), block.size()) == 1;
  for (const octets piece : message) done = done && EVP_DigestUpdate(state, piece.data(), piece.size()) == 1;
  done = done && EVP_DigestFinal_ex(state, inner.data(), nullptr) == 1;
  for (unsigned char& each : block) each ^= 0x36 ^ 0x5c;
  done = done && digest(hash, {block, std::span(inner).first(hash_bytes(hash))}, out);
  OPENSSL_cleanse(pad.data(), pad.size());
  OPENSSL_cleanse(inner.data(), inner.size());
  return done;
}

octets of_text(std::string_view text) noexcept {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

}  // namespace

octets hash_of_nothing(hash_function hash) noexcept {
  struct value {
    std::array<unsigned char, hash_bytes_max> bytes{};
    std::size_t size = 0;
    explicit value(hash_function of) noexcept { size = digest(of, {}, bytes.data()) ? hash_bytes(of) : 0; }
  };
  static const std::array<value, 2> values{value(hash_function::sha256), value(hash_function::sha384)};
  const value& found = values[static_cast<std::size_t>(hash)];
  return std::span(found.bytes).first(found.size);
}

bool hkdf_extract(hash_function hash, octets salt, octets input, std::span<unsigned char> out) noexcept {
  return out.size() == hash_bytes(hash) && hmac(hash, salt, {input}, out.data());
}

bool hkdf_expand_label(hash_function hash, octets secret, std::string_view prefix, std::string_view label,
                       octets context, std::span<unsigned char> out) noexcept {
  const std::size_t label_bytes = prefix.size() + label.size();
  const std::size_t step = hash_bytes(hash);
  if (label_bytes < 7 || label_bytes > label_bytes_max || context.size() > 255 || out.size() > 255 * step) return false;
  const std::array<unsigned char, 3> head{static_cast<unsigned char>(out.size() >> 8),
                                          static_cast<unsigned char>(out.size()),
                                          static_cast<unsigned char>(label_bytes)};
  const std::array<unsigned char, 1> context_bytes{static_cast<unsigned char>(context.size())};
  std::array<unsigned char, hash_bytes_max> block{};
  bool done = true;
  for (std::array<unsigned char, 1> round{1}; done && !out.empty(); ++round[0]) {
    const octets before = std::span(block).first(round[0] == 1 ? 0 : step);
    done = hmac(hash, secret, {before, head, of_text(prefix), of_text(label), context_bytes, context, round},
                block.data());
    const std::size_t taken = std::min(out.size(), step);
    std::copy_n(block.begin(), taken, out.begin());
    out = out.subspan(taken);
  }
  OPENSSL_cleanse(block.data(), block.size());
  return done;
}

}  // namespace cardea::proxy::tls
