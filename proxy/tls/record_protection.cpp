#include "proxy/tls/record_protection.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace cardea::proxy::tls {
namespace {

constexpr std::size_t tag_bytes = 16;
// Short plaintext is gathered first: a copy costs less than one more call of the cipher.
constexpr std::size_t gathered_bytes_max = 4 * 1024;

// Fetched once: a look-up in the library takes a lock that all threads share.
const EVP_CIPHER* cipher_of(cipher_suite suite) noexcept {
  static const std::array<EVP_CIPHER*, 3> fetched{EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr),
                                                  EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr),
                                                  EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr)};
  return fetched[static_cast<std::size_t>(suite)];
}

std::size_t key_bytes(cipher_suite suite) noexcept { return suite == cipher_suite::aes_128_gcm_sha256 ? 16 : 32; }

unsigned char* bytes(char* data) noexcept { return reinterpret_cast<unsigned char*>(data); }
const unsigned char* bytes(const char* data) noexcept { return reinterpret_cast<const unsigned char*>(data); }

bool update(EVP_CIPHER_CTX* cipher, char* out, std::string_view in) noexcept {
  int done = 0;
  return EVP_CipherUpdate(cipher, bytes(out), &done, bytes(in.data()), static_cast<int>(in.size())) == 1 &&
         (out == nullptr || static_cast<std::size_t>(done) == in.size());
}

bool finish(EVP_CIPHER_CTX* cipher) noexcept {
  std::array<unsigned char, tag_bytes> nothing{};
  int done = 0;
  return EVP_CipherFinal_ex(cipher, nothing.data(), &done) == 1;
}

}  // namespace

void record_protection::cipher_deleter::operator()(EVP_CIPHER_CTX* value) const noexcept { EVP_CIPHER_CTX_free(value); }

record_protection::record_protection(const traffic_secret& secret, std::uint64_t first_record) noexcept
    : secret_(secret), counter_(first_record) {
  derive();
}

record_protection::~record_protection() {
  OPENSSL_cleanse(key_.data(), key_.size());
  OPENSSL_cleanse(iv_.data(), iv_.size());
}

void record_protection::derive() noexcept {
  cipher_.reset();
  derived_ = secret_.expand("key", std::span(key_).first(key_bytes(secret_.suite()))) && secret_.expand("iv", iv_);
}

bool record_protection::advance() noexcept {
  if (!secret_.advance()) return false;
  counter_ = 0;
  derive();
  return derived_;
}

// A cipher that is ready for the record of this counter, and the counter of the next.
bool record_protection::begin(bool sealing) noexcept {
  if (!derived_) return false;
  if (!cipher_) {
    cipher_.reset(EVP_CIPHER_CTX_new());
    if (!cipher_ || EVP_CipherInit_ex2(cipher_.get(), cipher_of(secret_.suite()), key_.data(), nullptr,
                                       sealing ? 1 : 0, nullptr) != 1)
      return false;
  }
  std::array<unsigned char, iv_bytes> nonce = iv_;
  for (std::size_t i = 0; i < 8; ++i) nonce[iv_bytes - 1 - i] ^= static_cast<unsigned char>(counter_ >> (8 * i));
  ++counter_;
  return EVP_CipherInit_ex2(cipher_.get(), nullptr, nullptr, nonce.data(), sealing ? 1 : 0, nullptr) == 1;
}

std::size_t record_protection::seal(content_type type, std::span<const std::string_view> pieces, char* out) noexcept {
  const auto size = std::accumulate(pieces.begin(), pieces.end(), std::size_t{0},
                                    [](std::size_t sum, std::string_view piece) { return sum + piece.size(); });
  const std::size_t body = size + 1 + tag_bytes;
  if (size > record_plaintext_max || !begin(true)) return 0;
  out[0] = static_cast<char>(content_type::application_data);
  out[1] = out[2] = 3;
  out[3] = static_cast<char>(body >> 8);
  out[4] = static_cast<char>(body & 0xff);
  EVP_CIPHER_CTX* cipher = cipher_.get();
  if (!update(cipher, nullptr, {out, record_header_bytes})) return 0;

  char* at = out + record_header_bytes;
  const bool gather = size <= gathered_bytes_max;
  for (const std::string_view piece : pieces) {
    if (piece.empty()) continue;
    if (gather)
      std::memcpy(at, piece.data(), piece.size());
    else if (!update(cipher, at, piece))
      return 0;
    at += piece.size();
  }
  *at++ = static_cast<char>(type);
  char* const first = gather ? out + record_header_bytes : at - 1;
  if (!update(cipher, first, {first, static_cast<std::size_t>(at - first)}) || !finish(cipher)) return 0;
  if (EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, tag_bytes, at) != 1) return 0;
  return record_header_bytes + body;
}

std::optional<record_protection::opened> record_protection::open(std::string_view record, char* out) noexcept {
  if (record.size() < record_header_bytes + 1 + tag_bytes || !begin(false)) return std::nullopt;
  const std::string_view header = record.substr(0, record_header_bytes);
  const std::string_view sealed =
      record.substr(record_header_bytes, record.size() - record_header_bytes - tag_bytes);
  const std::string_view tag = record.substr(record.size() - tag_bytes);
  EVP_CIPHER_CTX* cipher = cipher_.get();
  if (!update(cipher, nullptr, header) || !update(cipher, out, sealed)) return std::nullopt;
  if (EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, tag_bytes, const_cast<char*>(tag.data())) != 1 ||
      !finish(cipher))
    return std::nullopt;
  // Padding is zeros behind the type (section 5.4).
  std::size_t size = sealed.size();
  while (size > 0 && out[size - 1] == 0) --size;
  if (size == 0) return std::nullopt;
  return opened{static_cast<content_type>(out[size - 1]), size - 1};
}

}  // namespace cardea::proxy::tls
