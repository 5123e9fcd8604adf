#include "autocert/cert_store.hpp"

#include "autocert/damaged_file.hpp"
#include "autocert/error.hpp"
#include "autocert/metadata.hpp"
#include "base/atomic_file.hpp"
#include "base/crypto.hpp"
#include "base/private_file.hpp"
#include "base/text.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <charconv>
#include <memory>
#include <optional>

namespace cardea::autocert {
namespace {

using base::certificate;

constexpr std::size_t key_bytes_max = 64U << 10U;
constexpr std::size_t chain_bytes_max = 1U << 20U;
constexpr unsigned key_mode = 0600;
constexpr unsigned chain_mode = 0644;
constexpr unsigned metadata_mode = 0644;
constexpr unsigned directory_mode = 0700;
// Longer than any save takes: a younger temporary may be another process at work.
constexpr std::chrono::minutes stale_age{10};
constexpr std::size_t metadata_bytes_max = 16U << 10U;
constexpr std::size_t journal_bytes_max = key_bytes_max + chain_bytes_max + metadata_bytes_max;
// What a release without metadata left behind is finished, too.
constexpr std::string_view journal_magic = "cardea-pair-2 ";
constexpr std::string_view former_magic = "cardea-pair-1 ";

struct pem_pair {
  std::string chain;
  std::string key;
  std::string metadata = {};
};

std::string hash_of(std::string_view bytes) { return base::hex(base::sha256(bytes)); }

// "cardea-pair-2 <sha256 of the rest> <bytes of the key> <bytes of the metadata>\n" key metadata chain
std::string journal_text(const pem_pair& what) {
  const std::string body = fmt::format("{} {}\n{}{}{}", what.key.size(), what.metadata.size(), what.key,
                                       what.metadata, what.chain);
  return fmt::format("{}{} {}", journal_magic, hash_of(body), body);
}

// A number and the byte behind it; both are taken away.
std::optional<std::size_t> take_number(std::string_view& from, char end) {
  std::size_t number = 0;
  const auto parsed = std::from_chars(from.data(), from.data() + from.size(), number);
  if (parsed.ec != std::errc{}) return std::nullopt;
  from.remove_prefix(static_cast<std::size_t>(parsed.ptr - from.data()));
  if (!from.starts_with(end)) return std::nullopt;
  from.remove_prefix(1);
  return number;
}

std::optional<pem_pair> parse_journal(std::string_view text) {
  constexpr std::size_t hash_size = 64;
  const bool is_former = text.starts_with(former_magic);
  if (!is_former && !text.starts_with(journal_magic)) return std::nullopt;
  text.remove_prefix(journal_magic.size());
  if (text.size() <= hash_size) return std::nullopt;
  std::string_view body = text.substr(hash_size + 1);
  if (hash_of(body) != text.substr(0, hash_size)) return std::nullopt;
  const auto key_size = take_number(body, is_former ? '\n' : ' ');
  const auto metadata_size = is_former || !key_size ? 0 : take_number(body, '\n');
  if (!key_size || !metadata_size || body.size() < *key_size || body.size() - *key_size < *metadata_size)
    return std::nullopt;
  return pem_pair{std::string(body.substr(*key_size + *metadata_size)),
                  std::string(body.substr(0, *key_size)),
                  std::string(body.substr(*key_size, *metadata_size))};
}

enum class link { holds, broken, unknown };

// The last one's issuer is with the client, unless it is its own.
link link_of(std::span<X509* const> chain, std::size_t i) {
  X509* const issuer = i + 1 < chain.size() ? chain[i + 1] : chain[i];
  if (X509_NAME_cmp(X509_get_issuer_name(chain[i]), X509_get_subject_name(issuer)) != 0) return link::unknown;
  const bool holds = X509_verify(chain[i], X509_get0_pubkey(issuer)) == 1;
  ERR_clear_error();
  return holds ? link::holds : link::broken;
}

// A private key with a damaged byte still holds the right public one: only use tells.
bool signs_for(EVP_PKEY* key, X509* leaf) {
  constexpr std::string_view text = "cardea: does this key work?";
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> signing(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> verifying(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::size_t size = 0;
  bool works = EVP_DigestSignInit(signing.get(), nullptr, nullptr, nullptr, key) == 1 &&
               EVP_DigestSign(signing.get(), nullptr, &size, bytes, text.size()) == 1;
  std::string signature(size, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(signature.data());
  works = works && EVP_DigestSign(signing.get(), out, &size, bytes, text.size()) == 1 &&
          EVP_DigestVerifyInit(verifying.get(), nullptr, nullptr, nullptr, X509_get0_pubkey(leaf)) == 1 &&
          EVP_DigestVerify(verifying.get(), out, size, bytes, text.size()) == 1;
  ERR_clear_error();
  return works;
}

bool is_absent(const base::result<std::string>& file) {
  return file.has_error() && file.error() == base::make_error_code(base::errc::not_found);
}
// A file that is much too long is as unusable as a torn one; the others could not be read at all.
bool is_unreadable(const base::result<std::string>& file) {
  return file.has_error() && file.error() == base::make_error_code(base::errc::io);
}

}  // namespace

cert_store::cert_store(std::string cert_path, std::string key_path, base::logger log, base::file_calls& calls)
    : cert_path_(std::move(cert_path)),
      key_path_(std::move(key_path)),
      journal_path_(cert_path_ + ".new"),
      metadata_path_(metadata_path(cert_path_)),
      log_(std::move(log)),
      calls_(calls) {}

cert_store::loaded cert_store::load(on_damage action) {
  for (const std::string& path : {cert_path_, key_path_, journal_path_})
    base::remove_stale_temporaries(path, stale_age);
  // While a journal exists the files may be half of each pair, which is no damage.
  const auto journal = base::read_file(journal_path_, journal_bytes_max);
  auto out = is_absent(journal) ? load_files(action) : finish_interrupted_save(load_files(on_damage::report));
  if (!out && !is_absent(journal)) out = load_files(action);
  if (out) guard_key(action);
  return out;
}

cert_store::loaded cert_store::peek() const {
  auto out = load_files(on_damage::report);
  if (out) return out;
  const auto text = base::read_file(journal_path_, journal_bytes_max);
  const auto pair = text ? parse_journal(*text) : std::nullopt;
  auto pending = pair ? certificate::from_pem(pair->chain, pair->key) : std::move(out);
  return pending ? std::move(pending) : load_files(on_damage::report);
}

cert_store::loaded cert_store::load_files(on_damage action) const {
  const auto chain = base::read_file(cert_path_, chain_bytes_max);
  const auto key = base::read_file(key_path_, key_bytes_max);
  if (is_absent(chain) && is_absent(key))
    return base::error(base::errc::not_found, fmt::format("there is no {} yet", cert_path_));
  if (is_unreadable(chain)) return chain.error();
  if (is_unreadable(key)) return key.error();

  base::error damage;
  if (!chain) {
    damage = chain.error();
  } else if (!key) {
    damage = key.error();
  } else {
    auto pair = certificate::from_pem(*chain, *key);
    const auto checked = pair ? check(**pair, action) : base::result<void>(pair.error());
    if (checked) return pair;
    damage = checked.error();
  }
  if (action == on_damage::quarantine) {
    if (chain) set_aside(cert_path_, *chain, chain_mode, log_, calls_);
    if (key) set_aside(key_path_, *key, key_mode, log_, calls_);
  }
  return make_error(errc::damaged_certificate, fmt::format("{} and {} are not a usable pair: {}", cert_path_,
                                                           key_path_, damage.message()));
}

base::result<void> cert_store::check(const certificate& pair, on_damage action) const {
  const auto opened = pair.open();
  if (!opened) return opened.error();
  if (!signs_for(opened->key.get(), opened->leaf.get()))
    return base::error(base::errc::invalid_argument, "the private key is damaged");
  // Others may hold a chain by which a client finds its way although it is not quite right.
  if (action == on_damage::report) return {};
  std::vector<X509*> chain{opened->leaf.get()};
  for (const base::x509_ptr& each : pair.intermediates()) chain.push_back(each.get());
  for (std::size_t i = 0; i < chain.size(); ++i)
    if (link_of(chain, i) == link::broken)
      return base::error(base::errc::invalid_argument, "a signature in the chain does not hold");
  if (link_of(chain, 0) == link::holds) return {};
  const auto text = base::read_file(metadata_path_, metadata_bytes_max);
  const auto known = text ? parse_metadata(*text) : base::result<metadata>(text.error());
  // Of another serial number: somebody put a pair of his own there.
  if (known && known->serial == pair.serial_hex() && !known->fingerprint.empty() &&
      known->fingerprint != fingerprint_of(pair))
    return base::error(base::errc::invalid_argument, "the certificate is damaged since it was stored");
  return {};
}

cert_store::loaded cert_store::finish_interrupted_save(loaded on_disk) {
  const auto text = base::read_file(journal_path_, journal_bytes_max);
  if (is_unreadable(text)) return text.error();
  const auto pair = text ? parse_journal(*text) : std::nullopt;
  auto pending = pair ? certificate::from_pem(pair->chain, pair->key)
                      : loaded(make_error(errc::damaged_certificate, journal_path_ + " is damaged"));
  // Whoever put a younger pair there by hand since the crash wants that one.
  const bool outdated = pending && on_disk && (*on_disk)->not_before() > (*pending)->not_before();
  if (!pending || outdated) {
    log_.warn("an interrupted save is dropped",
              {{"path", journal_path_},
               {"why", pending ? "the pair on disk is newer" : pending.error().message()}});
    if (!pending && text) set_aside(journal_path_, *text, key_mode, log_, calls_);
    if (const auto removed = base::remove_file(journal_path_, calls_); !removed)
      log_.warn("the journal could not be removed", {{"error", removed.error().message()}});
    return outdated ? std::move(on_disk) : std::move(pending);
  }
  log_.info("finishing an interrupted save", {{"path", cert_path_}});
  if (const auto saved = save(pair->chain, pair->key, pair->metadata); !saved)
    log_.warn("the interrupted save could not be finished", {{"error", saved.error().message()}});
  return pending;
}

base::result<void> cert_store::save(std::string_view chain_pem, std::string_view key_pem,
                                    std::string_view metadata_json) {
  for (const std::string& path : {cert_path_, key_path_}) {
    if (auto made = base::make_directories(base::directory_of(path), directory_mode, calls_); !made)
      return made;
  }
  const pem_pair what{std::string(chain_pem), std::string(key_pem), std::string(metadata_json)};
  if (auto written = base::write_file_atomically(journal_path_, journal_text(what), key_mode, calls_); !written)
    return written;
  if (auto written = base::write_file_atomically(key_path_, key_pem, key_mode, calls_); !written)
    return written;
  if (auto written = base::write_file_atomically(cert_path_, chain_pem, chain_mode, calls_); !written)
    return written;
  if (!metadata_json.empty()) {
    if (auto written = base::write_file_atomically(metadata_path_, metadata_json, metadata_mode, calls_);
        !written)
      return written;
  }
  return base::remove_file(journal_path_, calls_);
}

void cert_store::guard_key(on_damage action) const {
  const auto exposed = base::exposure_of(key_path_);
  if (!exposed) return;
  if (action == on_damage::quarantine && exposed->is_mode) {
    if (const auto guarded = base::make_private(key_path_, calls_); guarded) {
      log_.warn("the private key could be read by others and is its owner's alone now", {{"path", key_path_}});
      return;
    }
  }
  log_.warn("the private key is not its owner's alone",
            {{"path", key_path_}, {"why", exposed->why}, {"remedy", exposed->remedy}});
}

}  // namespace cardea::autocert
