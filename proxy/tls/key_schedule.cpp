#include "proxy/tls/key_schedule.hpp"

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include <algorithm>
#include <optional>
#include <string>

namespace cardea::proxy::tls {
namespace {

constexpr char provider_name[] = "cardea";
thread_local handshake_secrets* listening = nullptr;

// What one derivation is made from; views of the caller's parameters or of what a context keeps.
struct derivation {
  bool extracts = false;
  std::optional<hash_function> hash;
  std::optional<octets> key;
  std::optional<octets> salt;
  std::string_view prefix;
  std::string_view label;
  octets data;

  [[nodiscard]] bool read(const OSSL_PARAM& parameter) noexcept;
  [[nodiscard]] bool read_all(const OSSL_PARAM* parameters) noexcept;
  [[nodiscard]] bool into(std::span<unsigned char> out) const noexcept;

 private:
  [[nodiscard]] bool extract(std::span<unsigned char> out) const noexcept;
};

octets octets_of(const OSSL_PARAM& parameter) noexcept {
  return {static_cast<const unsigned char*>(parameter.data), parameter.data_size};
}

std::string_view text_of(const OSSL_PARAM& parameter) noexcept {
  return {static_cast<const char*>(parameter.data), parameter.data_size};
}

std::optional<hash_function> hash_named(const OSSL_PARAM& parameter) noexcept {
  const char* name = nullptr;
  if (OSSL_PARAM_get_utf8_string_ptr(&parameter, &name) != 1 || name == nullptr) return std::nullopt;
  const auto is = [name](const char* other) { return OPENSSL_strcasecmp(name, other) == 0; };
  if (is("SHA256") || is("SHA2-256") || is("SHA-256")) return hash_function::sha256;
  if (is("SHA384") || is("SHA2-384") || is("SHA-384")) return hash_function::sha384;
  return std::nullopt;
}

std::optional<bool> is_extraction(const OSSL_PARAM& parameter) noexcept {
  int number = 0;
  const char* name = nullptr;
  if (parameter.data_type == OSSL_PARAM_UTF8_STRING) {
    if (OSSL_PARAM_get_utf8_string_ptr(&parameter, &name) != 1 || name == nullptr) return std::nullopt;
    if (OPENSSL_strcasecmp(name, "EXTRACT_ONLY") == 0) return true;
    if (OPENSSL_strcasecmp(name, "EXPAND_ONLY") == 0) return false;
    return std::nullopt;
  }
  if (OSSL_PARAM_get_int(&parameter, &number) != 1) return std::nullopt;
  if (number == EVP_KDF_HKDF_MODE_EXTRACT_ONLY) return true;
  if (number == EVP_KDF_HKDF_MODE_EXPAND_ONLY) return false;
  return std::nullopt;
}

bool derivation::read(const OSSL_PARAM& parameter) noexcept {
  const std::string_view name = parameter.key;
  if (name == OSSL_KDF_PARAM_MODE) {
    const std::optional<bool> mode = is_extraction(parameter);
    extracts = mode.value_or(false);
    return mode.has_value();
  }
  if (name == OSSL_KDF_PARAM_DIGEST) {
    hash = hash_named(parameter);
    return hash.has_value();
  }
  if (name == OSSL_KDF_PARAM_KEY) key = octets_of(parameter);
  if (name == OSSL_KDF_PARAM_SALT) salt = octets_of(parameter);
  if (name == OSSL_KDF_PARAM_PREFIX) prefix = text_of(parameter);
  if (name == OSSL_KDF_PARAM_LABEL) label = text_of(parameter);
  if (name == OSSL_KDF_PARAM_DATA) data = octets_of(parameter);
  return true;
}

bool derivation::read_all(const OSSL_PARAM* parameters) noexcept {
  for (const OSSL_PARAM* each = parameters; each != nullptr && each->key != nullptr; ++each)
    if (!read(*each)) return false;
  return true;
}

// The salt is the secret before, as the schedule's "derived" step hands it on; zeros stand for what is missing.
bool derivation::extract(std::span<unsigned char> out) const noexcept {
  static constexpr std::array<unsigned char, hash_bytes_max> zeros{};
  const std::size_t size = hash_bytes(*hash);
  const octets input = key.value_or(std::span(zeros).first(size));
  if (!salt) return hkdf_extract(*hash, {}, input, out);
  std::array<unsigned char, hash_bytes_max> derived{};
  const std::span used = std::span(derived).first(size);
  const octets nothing = hash_of_nothing(*hash);
  const bool done = !nothing.empty() && hkdf_expand_label(*hash, *salt, prefix, label, nothing, used) &&
                    hkdf_extract(*hash, used, input, out);
  OPENSSL_cleanse(derived.data(), derived.size());
  return done;
}

bool derivation::into(std::span<unsigned char> out) const noexcept {
  if (!hash) return false;
  if (extracts) return extract(out);
  if (!key || !hkdf_expand_label(*hash, *key, prefix, label, data, out)) return false;
  if (listening != nullptr) listening->note(label, out);
  return true;
}

// A context as the library knows it. It keeps what was set ahead of the derivation; TLS sets everything with it.
struct context {
  bool extracts = false;
  std::optional<hash_function> hash;
  std::optional<std::string> key, salt, prefix, label, data;

  ~context() { forget(); }
  void forget() noexcept {
    for (std::optional<std::string>* each : {&key, &salt, &prefix, &label, &data}) {
      if (*each) OPENSSL_cleanse((*each)->data(), (*each)->size());
      each->reset();
    }
    hash.reset();
    extracts = false;
  }
  [[nodiscard]] derivation view() const noexcept {
    const auto octets_in = [](const std::string& text) {
      return octets(reinterpret_cast<const unsigned char*>(text.data()), text.size());
    };
    derivation out;
    out.extracts = extracts;
    out.hash = hash;
    if (key) out.key = octets_in(*key);
    if (salt) out.salt = octets_in(*salt);
    if (prefix) out.prefix = *prefix;
    if (label) out.label = *label;
    if (data) out.data = octets_in(*data);
    return out;
  }
};

// The library's calls, as core_dispatch.h declares them.
void* make_context(void*) { return new context; }
void free_context(void* self) { delete static_cast<context*>(self); }
void reset_context(void* self) { static_cast<context*>(self)->forget(); }

int set_parameters(void* self, const OSSL_PARAM* parameters) {
  auto& own = *static_cast<context*>(self);
  derivation read = own.view();
  if (!read.read_all(parameters)) return 0;
  const auto copy = [](const auto& from) {
    return std::string(reinterpret_cast<const char*>(from.data()), from.size());
  };
  context next;
  next.extracts = read.extracts;
  next.hash = read.hash;
  if (read.key) next.key = copy(*read.key);
  if (read.salt) next.salt = copy(*read.salt);
  next.prefix = copy(read.prefix);
  next.label = copy(read.label);
  next.data = copy(read.data);
  std::swap(own, next);
  return 1;
}

int derive(void* self, unsigned char* out, std::size_t size, const OSSL_PARAM* parameters) {
  derivation from = static_cast<context*>(self)->view();
  return from.read_all(parameters) && from.into({out, size}) ? 1 : 0;
}

int get_parameters(void* self, OSSL_PARAM* parameters) {
  const auto& own = *static_cast<context*>(self);
  OSSL_PARAM* const size = OSSL_PARAM_locate(parameters, OSSL_KDF_PARAM_SIZE);
  if (size == nullptr) return 1;
  const bool fixed = own.extracts && own.hash;
  return OSSL_PARAM_set_size_t(size, fixed ? hash_bytes(*own.hash) : SIZE_MAX);
}

const OSSL_PARAM* list_settable(void*, void*) {
  static const OSSL_PARAM list[] = {OSSL_PARAM_int(OSSL_KDF_PARAM_MODE, nullptr),
                                    OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, nullptr, 0),
                                    OSSL_PARAM_octet_string(OSSL_KDF_PARAM_KEY, nullptr, 0),
                                    OSSL_PARAM_octet_string(OSSL_KDF_PARAM_SALT, nullptr, 0),
                                    OSSL_PARAM_octet_string(OSSL_KDF_PARAM_PREFIX, nullptr, 0),
                                    OSSL_PARAM_octet_string(OSSL_KDF_PARAM_LABEL, nullptr, 0),
                                    OSSL_PARAM_octet_string(OSSL_KDF_PARAM_DATA, nullptr, 0),
                                    OSSL_PARAM_END};
  return list;
}

const OSSL_PARAM* list_gettable(void*, void*) {
  static const OSSL_PARAM list[] = {OSSL_PARAM_size_t(OSSL_KDF_PARAM_SIZE, nullptr), OSSL_PARAM_END};
  return list;
}

template <typename Function>
OSSL_DISPATCH entry(int number, Function* function) noexcept {
  return {number, reinterpret_cast<void (*)()>(function)};
}

const OSSL_ALGORITHM* list_algorithms(void*, int operation, int* may_not_keep) {
  static const OSSL_DISPATCH functions[] = {
      entry(OSSL_FUNC_KDF_NEWCTX, make_context),
      entry(OSSL_FUNC_KDF_FREECTX, free_context),
      entry(OSSL_FUNC_KDF_RESET, reset_context),
      entry(OSSL_FUNC_KDF_DERIVE, derive),
      entry(OSSL_FUNC_KDF_SET_CTX_PARAMS, set_parameters),
      entry(OSSL_FUNC_KDF_GET_CTX_PARAMS, get_parameters),
      entry(OSSL_FUNC_KDF_SETTABLE_CTX_PARAMS, list_settable),
      entry(OSSL_FUNC_KDF_GETTABLE_CTX_PARAMS, list_gettable),
      {0, nullptr}};
  static const OSSL_ALGORITHM derivations[] = {
      {OSSL_KDF_NAME_TLS1_3_KDF, "provider=cardea", functions, "TLS 1.3 key schedule"},
      {nullptr, nullptr, nullptr, nullptr}};
  *may_not_keep = 0;
  return operation == OSSL_OP_KDF ? derivations : nullptr;
}

int start_provider(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*, const OSSL_DISPATCH** out, void** context) {
  static const OSSL_DISPATCH functions[] = {entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, list_algorithms), {0, nullptr}};
  static int nothing = 0;
  *out = functions;
  *context = &nothing;
  return 1;
}

}  // namespace

const char* key_schedule_query() noexcept {
  // Kept for the life of the process. A provider that is loaded by name keeps the library from loading its own unasked:
  // that one comes first.
  struct providers {
    OSSL_PROVIDER* usual = OSSL_PROVIDER_load(nullptr, "default");
    bool known = OSSL_PROVIDER_add_builtin(nullptr, provider_name, start_provider) == 1;
    OSSL_PROVIDER* ours = known ? OSSL_PROVIDER_load(nullptr, provider_name) : nullptr;
  };
  static const providers loaded;
  return loaded.usual != nullptr && loaded.ours != nullptr ? "?provider=cardea" : nullptr;
}

handshake_secrets::~handshake_secrets() {
  OPENSSL_cleanse(client_.data(), client_.size());
  OPENSSL_cleanse(server_.data(), server_.size());
}

void handshake_secrets::note(std::string_view label, octets secret) noexcept {
  if (secret.size() > hash_bytes_max) return;
  const auto keep = [secret](std::array<unsigned char, hash_bytes_max>& into, std::size_t& size) {
    std::ranges::copy(secret, into.begin());
    size = secret.size();
  };
  if (label == "c ap traffic") keep(client_, client_bytes_);
  if (label == "s ap traffic") keep(server_, server_bytes_);
}

secret_listener::secret_listener(handshake_secrets* into) noexcept { listening = into; }

secret_listener::~secret_listener() { listening = nullptr; }

}  // namespace cardea::proxy::tls
