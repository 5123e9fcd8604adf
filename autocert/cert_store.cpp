#include "autocert/cert_store.hpp"

#include "autocert/error.hpp"
#include "base/atomic_file.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

#include <charconv>
#include <optional>

namespace cardea::autocert {
namespace {

using base::certificate;

constexpr std::size_t key_bytes_max = 64U << 10U;
constexpr std::size_t chain_bytes_max = 1U << 20U;
constexpr unsigned key_mode = 0600;
constexpr unsigned chain_mode = 0644;
constexpr unsigned directory_mode = 0700;
// Longer than any save takes: a younger temporary may be another process at work.
constexpr std::chrono::minutes stale_age{10};
constexpr std::string_view journal_magic = "cardea-pair-1 ";

struct pem_pair {
  std::string chain;
  std::string key;
};

std::string hash_of(std::string_view bytes) { return base::hex(base::sha256(bytes)); }

// "cardea-pair-1 <sha256 of the rest> <bytes of the key>\n" key chain
std::string journal_text(std::string_view chain, std::string_view key) {
  const std::string body = fmt::format("{}\n{}{}", key.size(), key, chain);
  return fmt::format("{}{} {}", journal_magic, hash_of(body), body);
}

std::optional<pem_pair> parse_journal(std::string_view text) {
  constexpr std::size_t hash_size = 64;
  if (!text.starts_with(journal_magic)) return std::nullopt;
  text.remove_prefix(journal_magic.size());
  if (text.size() <= hash_size) return std::nullopt;
  const std::string_view hash = text.substr(0, hash_size);
  const std::string_view body = text.substr(hash_size + 1);
  if (hash_of(body) != hash) return std::nullopt;
  std::size_t key_size = 0;
  const auto parsed = std::from_chars(body.data(), body.data() + body.size(), key_size);
  const std::string_view rest = body.substr(static_cast<std::size_t>(parsed.ptr - body.data()));
  if (parsed.ec != std::errc{} || !rest.starts_with('\n') || rest.size() - 1 < key_size) return std::nullopt;
  return pem_pair{std::string(rest.substr(1 + key_size)), std::string(rest.substr(1, key_size))};
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
      log_(std::move(log)),
      calls_(calls) {}

cert_store::loaded cert_store::load(on_damage action) {
  for (const std::string& path : {cert_path_, key_path_, journal_path_})
    base::remove_stale_temporaries(path, stale_age);
  // While a journal exists the files may be half of each pair, which is no damage.
  const auto journal = base::read_file(journal_path_, key_bytes_max + chain_bytes_max);
  if (is_absent(journal)) return load_files(action);
  auto finished = finish_interrupted_save(load_files(on_damage::report));
  return finished ? std::move(finished) : load_files(action);
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
    if (pair) {
      warn_about_readable_key();
      return pair;
    }
    damage = pair.error();
  }
  if (action == on_damage::quarantine) {
    if (chain) quarantine(cert_path_, *chain, chain_mode);
    if (key) quarantine(key_path_, *key, key_mode);
  }
  return make_error(errc::damaged_certificate, fmt::format("{} and {} are not a usable pair: {}", cert_path_,
                                                           key_path_, damage.message()));
}

cert_store::loaded cert_store::finish_interrupted_save(loaded on_disk) {
  const auto text = base::read_file(journal_path_, key_bytes_max + chain_bytes_max);
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
    if (!pending && text) quarantine(journal_path_, *text, key_mode);
    if (const auto removed = base::remove_file(journal_path_, calls_); !removed)
      log_.warn("the journal could not be removed", {{"error", removed.error().message()}});
    return outdated ? std::move(on_disk) : std::move(pending);
  }
  log_.info("finishing an interrupted save", {{"path", cert_path_}});
  if (const auto saved = save(pair->chain, pair->key); !saved)
    log_.warn("the interrupted save could not be finished", {{"error", saved.error().message()}});
  return pending;
}

base::result<void> cert_store::save(std::string_view chain_pem, std::string_view key_pem) {
  for (const std::string& path : {cert_path_, key_path_}) {
    if (auto made = base::make_directories(base::directory_of(path), directory_mode, calls_); !made)
      return made;
  }
  const std::string journal = journal_text(chain_pem, key_pem);
  if (auto written = base::write_file_atomically(journal_path_, journal, key_mode, calls_); !written)
    return written;
  if (auto written = base::write_file_atomically(key_path_, key_pem, key_mode, calls_); !written)
    return written;
  if (auto written = base::write_file_atomically(cert_path_, chain_pem, chain_mode, calls_); !written)
    return written;
  return base::remove_file(journal_path_, calls_);
}

// Named by content, so that loading the same damage again makes no second copy.
void cert_store::quarantine(const std::string& path, std::string_view bytes, unsigned mode) const {
  if (bytes.empty()) return;
  const std::string copy = fmt::format("{}.damaged-{}", path, hash_of(bytes).substr(0, 8));
  if (const auto kept = base::write_file_atomically(copy, bytes, mode, calls_); !kept) {
    log_.warn("a damaged file could not be kept", {{"path", path}, {"error", kept.error().message()}});
    return;
  }
  log_.warn("a damaged file was kept aside", {{"path", path}, {"copy", copy}});
}

void cert_store::warn_about_readable_key() const {
  struct stat status {};
  if (::stat(key_path_.c_str(), &status) != 0 || (status.st_mode & 0077U) == 0) return;
  log_.warn("the private key can be read by others",
            {{"path", key_path_}, {"remedy", "chmod 600 " + key_path_}});
}

}  // namespace cardea::autocert
