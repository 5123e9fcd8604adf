#include "base/certificate.hpp"

#include "base/text.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <mutex>
#include <span>
#include <unordered_map>

namespace cardea::base {
namespace {

struct bio_deleter {
  void operator()(BIO* value) const noexcept { BIO_free(value); }
};

using chain_ptr = std::shared_ptr<const std::vector<x509_ptr>>;

// OpenSSL's own buffers, wiped because one of them holds a key.
struct pem_block {
  std::string label;
  std::string der;
  bool is_encrypted = false;
  pem_block() = default;
  pem_block(pem_block&&) = default;
  pem_block& operator=(pem_block&&) = default;
  ~pem_block() { OPENSSL_cleanse(der.data(), der.size()); }
};

std::unique_ptr<BIO, bio_deleter> memory_bio(std::string_view text) {
  return std::unique_ptr<BIO, bio_deleter>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::string text_of(const ASN1_STRING* value) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)),
          static_cast<std::size_t>(ASN1_STRING_length(value))};
}

std::string common_name(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

std::string printable(const X509_NAME* name) {
  if (std::string text = common_name(name); !text.empty()) return text;
  std::unique_ptr<BIO, bio_deleter> out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

error unusable(const char* what) {
  ERR_clear_error();
  return {errc::invalid_argument, what};
}

x509_ptr parse_x509(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  x509_ptr out(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!out) ERR_clear_error();
  return out;
}

struct key_builder_deleter {
  void operator()(OSSL_PARAM_BLD* value) const noexcept { OSSL_PARAM_BLD_free(value); }
  void operator()(OSSL_PARAM* value) const noexcept { OSSL_PARAM_free(value); }
  void operator()(EVP_PKEY_CTX* value) const noexcept { EVP_PKEY_CTX_free(value); }
  void operator()(BIGNUM* value) const noexcept { BN_clear_free(value); }
};
template <class T>
using owned = std::unique_ptr<T, key_builder_deleter>;

const char* curve_of(key_kind kind) {
  switch (kind) {
    case key_kind::ec_p256:
      return "P-256";
    case key_kind::ec_p384:
      return "P-384";
    case key_kind::ec_p521:
      return "P-521";
    default:
      return nullptr;
  }
}

// OpenSSL 3's decoders try every form that a key may have: twenty times what it takes to say which it is.
// Null for what is no such key, and for one without its public half.
key_ptr ec_key_from(std::string_view der, key_kind kind) {
  const char* const curve = curve_of(kind);
  const auto parts = read_ec_key(der);
  if (curve == nullptr || !parts || parts->public_key.empty()) return nullptr;
  const owned<BIGNUM> secret(BN_bin2bn(reinterpret_cast<const unsigned char*>(parts->secret.data()),
                                       static_cast<int>(parts->secret.size()), BN_secure_new()));
  const owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  const owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  const bool is_described =
      secret && builder && context &&
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve, 0) == 1 &&
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get()) == 1 &&
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, parts->public_key.data(),
                                       parts->public_key.size()) == 1;
  const owned<OSSL_PARAM> described(is_described ? OSSL_PARAM_BLD_to_param(builder.get()) : nullptr);
  EVP_PKEY* key = nullptr;
  if (!described || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, described.get()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  return key_ptr(key);
}

// The next block of any kind; false at the end and at a damaged one, which OpenSSL's error tells apart.
bool next_block(BIO* from, pem_block& into) {
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  if (PEM_read_bio(from, &label, &header, &data, &size) != 1) return false;
  into.label = label;
  into.is_encrypted = *header != '\0';  // "Proc-Type: 4,ENCRYPTED"
  into.der.assign(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size));
  OPENSSL_free(label);
  OPENSSL_free(header);
  OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  return true;
}

result<void> read_chain(std::string_view pem, std::vector<std::string>& into) {
  const auto bio = memory_bio(pem);
  pem_block block;
  while (next_block(bio.get(), block))
    if (block.label == PEM_STRING_X509 || block.label == PEM_STRING_X509_OLD) into.push_back(block.der);
  // The loop ends with "no start line" at the end of the text; anything else is a damaged block.
  const unsigned long last = ERR_peek_last_error();
  if (into.empty()) return unusable("no certificate in the PEM chain");
  if (ERR_GET_REASON(last) != PEM_R_NO_START_LINE) return unusable("a damaged certificate in the PEM chain");
  ERR_clear_error();
  return {};
}

// The first key; empty when there is none.
pem_block read_key(std::string_view pem) {
  const auto bio = memory_bio(pem);
  pem_block block;
  while (next_block(bio.get(), block)) {
    if (block.label == PEM_STRING_PKCS8 || !block.label.ends_with(PEM_STRING_PKCS8INF)) continue;
    return block;
  }
  ERR_clear_error();
  return {};
}

// A site of a hundred thousand certificates has a handful of chains: whoever brings the same bytes gets the
// same objects. Not on the data plane.
result<chain_ptr> shared_chain(std::span<const std::string> der) {
  static std::mutex guard;
  static std::unordered_map<std::string, std::weak_ptr<const std::vector<x509_ptr>>> known;
  static std::size_t sweep_at = 64;
  std::string key;
  for (const std::string& each : der) key += each;
  const std::lock_guard lock(guard);
  if (auto found = known[key].lock()) return found;
  auto parsed = std::make_shared<std::vector<x509_ptr>>();
  for (const std::string& each : der) {
    parsed->push_back(parse_x509(each));
    if (!parsed->back()) return unusable("a damaged certificate in the PEM chain");
  }
  if (known.size() >= sweep_at) {
    std::erase_if(known, [](const auto& each) { return each.second.expired(); });
    sweep_at = 2 * known.size() + 64;
  }
  const chain_ptr out = std::move(parsed);
  known.insert_or_assign(std::move(key), out);
  return out;
}

}  // namespace

void openssl_deleter::operator()(X509* value) const noexcept { X509_free(value); }
void openssl_deleter::operator()(EVP_PKEY* value) const noexcept { EVP_PKEY_free(value); }

result<std::shared_ptr<const certificate>> certificate::from_pem_lazily(std::string_view chain_pem,
                                                                        std::string_view key_pem) {
  std::vector<std::string> chain;
  if (auto read = read_chain(chain_pem, chain); !read) return read.error();
  const pem_block key = read_key(key_pem);
  if (key.der.empty() || key.is_encrypted)
    return unusable("no usable private key in the PEM text (encrypted keys are not supported)");
  const auto fields = read_certificate_fields(chain.front());
  auto below = shared_chain(std::span(chain).subspan(1));
  if (!fields || !below) return unusable("a damaged certificate in the PEM chain");

  std::shared_ptr<certificate> out(new certificate);
  out->leaf_size_ = static_cast<std::uint32_t>(chain.front().size());
  out->key_size_ = static_cast<std::uint32_t>(key.der.size());
  out->bytes_ = std::make_unique_for_overwrite<char[]>(chain.front().size() + key.der.size());
  std::copy(chain.front().begin(), chain.front().end(), out->bytes_.get());
  std::copy(key.der.begin(), key.der.end(), out->bytes_.get() + out->leaf_size_);
  out->intermediates_ = std::move(*below);
  out->kind_ = fields->kind;
  out->not_before_ = fields->not_before;
  out->not_after_ = fields->not_after;
  // A key in a form that we do not compare ourselves is OpenSSL's to judge.
  if (!carries_public_key(key.der, *fields))
    if (const auto opened = out->open(); !opened) return opened.error();
  return std::shared_ptr<const certificate>(std::move(out));
}

result<std::shared_ptr<const certificate>> certificate::from_pem(std::string_view chain_pem,
                                                                 std::string_view key_pem) {
  auto out = from_pem_lazily(chain_pem, key_pem);
  if (!out) return out;
  if (const auto opened = (*out)->open(); !opened) return opened.error();
  return out;
}

certificate::~certificate() {
  if (bytes_) OPENSSL_cleanse(bytes_.get() + leaf_size_, key_size_);
}

std::shared_ptr<const certificate> certificate::with_staple(std::shared_ptr<const ocsp_staple> staple) const {
  std::shared_ptr<certificate> out(new certificate);
  const std::size_t size = std::size_t{leaf_size_} + key_size_;
  out->bytes_ = std::make_unique_for_overwrite<char[]>(size);
  std::copy_n(bytes_.get(), size, out->bytes_.get());
  out->leaf_size_ = leaf_size_;
  out->key_size_ = key_size_;
  out->kind_ = kind_;
  out->intermediates_ = intermediates_;
  out->staple_ = std::move(staple);
  out->not_before_ = not_before_;
  out->not_after_ = not_after_;
  return out;
}

result<opened_certificate> certificate::open() const {
  opened_certificate out{leaf(), key()};
  if (!out.leaf) return unusable("a damaged certificate in the PEM chain");
  if (!out.key) return unusable("no usable private key in the PEM text (encrypted keys are not supported)");
  if (X509_check_private_key(out.leaf.get(), out.key.get()) != 1)
    return unusable("the private key does not belong to the certificate");
  return out;
}

x509_ptr certificate::leaf() const { return parse_x509(leaf_der()); }

key_ptr certificate::key() const {
  if (key_ptr out = ec_key_from(key_der(), kind_)) return out;
  const auto* at = reinterpret_cast<const unsigned char*>(key_der().data());
  key_ptr out(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(key_size_)));
  if (!out) ERR_clear_error();
  return out;
}

// What was read once reads again.
certificate_fields certificate::fields() const noexcept {
  return read_certificate_fields(leaf_der()).value_or(certificate_fields{});
}

std::vector<std::string> certificate::dns_names() const {
  const certificate_fields read = fields();
  std::vector<std::string> out = read.dns_names();
  if (!out.empty() || !read.ip_addresses().empty()) return out;
  const x509_ptr parsed = leaf();
  if (!parsed) return out;
  if (std::string name = common_name(X509_get_subject_name(parsed.get())); !name.empty())
    out.push_back(to_lower(name));
  return out;
}

std::vector<std::string> certificate::ip_addresses() const { return fields().ip_addresses(); }

std::vector<std::string> certificate::names() const {
  std::vector<std::string> out = dns_names();
  for (std::string& each : ip_addresses()) out.push_back(std::move(each));
  return out;
}

std::vector<std::string> certificate::email_addresses() const { return fields().email_addresses(); }

std::string certificate::subject() const {
  const x509_ptr parsed = leaf();
  return parsed ? printable(X509_get_subject_name(parsed.get())) : std::string();
}

std::string certificate::issuer() const {
  const x509_ptr parsed = leaf();
  return parsed ? printable(X509_get_issuer_name(parsed.get())) : std::string();
}

std::string certificate::serial_hex() const {
  const x509_ptr parsed = leaf();
  if (!parsed) return {};
  BIGNUM* number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(parsed.get()), nullptr);
  char* text = BN_bn2hex(number);
  std::string out = to_lower(text);
  OPENSSL_free(text);
  BN_free(number);
  return out;
}

}  // namespace cardea::base
