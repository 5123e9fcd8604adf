#include "autocert/unused_pairs.hpp"

#include "autocert/cert_store.hpp"
#include "autocert/damaged_file.hpp"
#include "autocert/failure_store.hpp"
#include "autocert/metadata_store.hpp"
#include "autocert/request_check.hpp"
#include "base/atomic_file.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"

#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace cardea::autocert {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view metadata_suffix = ".meta.json";
constexpr std::string_view stamp_suffix = ".unused";
constexpr std::size_t stamp_bytes_max = 64;
constexpr std::size_t file_bytes_max = 1U << 20U;
constexpr unsigned stamp_mode = 0644;

// One spelling for each folder, links resolved.
std::string folder_spelled(const std::string& path) {
  std::error_code failed;
  const fs::path whole = fs::absolute(path, failed);  // weakly_canonical leaves what does not exist relative
  const fs::path out = failed ? fs::path() : fs::weakly_canonical(whole, failed);
  return failed ? path : out.string();
}

// One for each file; a link in its place is a file of its own.
std::string spelled(const std::string& path) {
  return (fs::path(folder_spelled(base::directory_of(path))) / fs::path(path).filename()).string();
}

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
}

bool is_link(const std::string& path) {
  std::error_code ignored;
  return fs::is_symlink(path, ignored);
}

base::x509_ptr leaf_in(const std::string& pem) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  base::x509_ptr out(PEM_read_bio_X509(bio, nullptr, nullptr, nullptr));
  BIO_free(bio);
  return out;
}

base::wall_time end_of(const X509* leaf) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &parts) != 1) return base::wall_time::max();
  return std::chrono::system_clock::from_time_t(timegm(&parts));
}

// Beside the pair, in the order in which they go. Records that a vendor still holds (.pending-dns) stay for people.
std::vector<std::string> files_beside(const std::string& cert_path, const std::string& key_path,
                                      const failure_store& failures) {
  std::vector<std::string> out;
  for (const char* suffix : {".new", ".ocsp", ".renewal.json", ".to-revoke"}) out.push_back(cert_path + suffix);
  const std::string records = fs::path(cert_path).filename().string() + ".dns-persist";
  std::error_code failed;
  for (fs::directory_iterator entry(base::directory_of(cert_path), failed), end; !failed && entry != end;
       entry.increment(failed))
    if (entry->path().filename().string().starts_with(records)) out.push_back(entry->path().string());
  for (const std::string& path : {cert_path, key_path, cert_path + ".new", metadata_path(cert_path)})
    if (!path.empty())
      for (const std::string& copy : damaged_copies_of(path)) out.push_back(copy);
  out.insert(out.end(), {failures.path(), failures.record_path()});
  out.push_back(cert_path + std::string(stamp_suffix));
  out.push_back(metadata_path(cert_path));
  return out;
}

}  // namespace

unused_pairs::unused_pairs(const config::autocert_section& section, base::wall_clock clock,
                           base::file_calls& calls)
    : clock_(std::move(clock)),
      calls_(calls),
      log_("autocert"),
      kept_for_(section.keep_unused),
      folders_(section.folders) {
  std::vector<const config::certificate_request*> entries{&section.main};
  for (const auto& extra : section.extra) entries.push_back(&extra);
  for (const config::certificate_request* entry : entries) {
    for (const config::certificate_request& each : config::by_key_type(*entry)) {
      cert_paths_.push_back(each.cert_path);
      other_paths_.push_back(each.key_path);
    }
    for (const config::certificate_request& each : config::requests_by_issuer(*entry))
      other_paths_.push_back(each.acme_key_path);
  }
}

// At each look: a folder may have been made, or a link turned elsewhere, since the last one.
void unused_pairs::survey() {
  places_.clear();
  named_.clear();
  of_others_.clear();
  for (const std::string& path : cert_paths_) {
    named_.insert(spelled(path));
    places_.insert(folder_spelled(base::directory_of(path)));
  }
  for (const std::string& path : other_paths_) named_.insert(spelled(path));
  for (const std::string& folder : folders_) of_others_.insert(folder_spelled(folder));
}

bool unused_pairs::is_named(const std::string& path) const { return named_.contains(spelled(path)); }

bool unused_pairs::is_in_use(const std::string& cert_path) const {
  const fs::path folder = folder_spelled(base::directory_of(cert_path));
  return is_named(cert_path) || of_others_.contains(folder.string()) ||
         of_others_.contains(folder.parent_path().string());
}

void unused_pairs::look() {
  survey();
  for (const std::string& place : places_) {
    std::vector<std::string> found;
    std::error_code failed;
    for (fs::directory_iterator entry(place, failed), end; !failed && entry != end; entry.increment(failed)) {
      std::string path = entry->path().string();
      if (!path.ends_with(metadata_suffix)) continue;
      path.resize(path.size() - metadata_suffix.size());
      found.push_back(std::move(path));
    }
    for (const std::string& cert_path : found) judge(cert_path);
  }
}

unused_pairs::owner unused_pairs::owner_of(const pair& which, std::optional<base::wall_time>& ends) const {
  if (is_link(which.cert_path) || is_link(which.known.key_path)) return owner::somebody_else;
  const auto chain = base::read_file(which.cert_path, file_bytes_max);
  if (!chain) return chain.error() == base::make_error_code(base::errc::not_found) ? owner::gone : owner::somebody_else;
  const base::x509_ptr leaf = leaf_in(*chain);
  if (!leaf || which.known.fingerprint.empty() || fingerprint_of(leaf.get()) != which.known.fingerprint)
    return owner::somebody_else;
  ends = end_of(leaf.get());
  return owner::ours;
}

// A time that is still to come is of a clock that was wrong: it counts from now.
std::optional<base::wall_time> unused_pairs::unused_since(const std::string& cert_path) const {
  const auto text = base::read_file(cert_path + std::string(stamp_suffix), stamp_bytes_max);
  const auto when = text ? base::from_rfc3339(base::trim(*text)) : std::nullopt;
  return when && *when <= clock_() ? when : std::nullopt;
}

void unused_pairs::judge(const std::string& cert_path) {
  const std::string stamp = cert_path + std::string(stamp_suffix);
  if (is_in_use(cert_path)) {
    if (const auto removed = exists(stamp) ? base::remove_file(stamp, calls_) : base::result<void>(); !removed)
      log_.warn("a stamp could not be removed", {{"error", removed.error().message()}});
    return;
  }
  if (!kept_for_) return;
  pair which{cert_path, metadata_store(cert_path, log_, calls_).peek()};
  if (which.known.key_path.empty() || spelled(which.known.cert_path) != cert_path)
    return leave_alone(cert_path, "its metadata does not name these files");
  if (exists(cert_path + ".new") && !is_named(which.known.key_path))
    (void)cert_store(cert_path, which.known.key_path, log_, calls_).load(on_damage::report);
  std::optional<base::wall_time> ends;
  if (owner_of(which, ends) == owner::somebody_else)
    return leave_alone(cert_path, "it is not what was obtained");

  const base::wall_time now = clock_();
  const auto since = unused_since(cert_path);
  if (!since) {
    if (const auto noted = base::write_file_atomically(stamp, base::to_rfc3339(now), stamp_mode, calls_); !noted)
      log_.warn("that a certificate is not in use could not be noted", {{"error", noted.error().message()}});
    else
      log_.info("a certificate is configured no more, its files stay for a while",
                {{"path", cert_path},
                 {"until", base::to_rfc3339(std::max(now, ends.value_or(now)) + *kept_for_)}});
    return;
  }
  base::wall_time last_use = std::max(*since, ends.value_or(*since));
  for (const auto& moment : {which.known.attempted_at, which.known.obtained_at, which.known.failed_at})
    if (moment && *moment <= now) last_use = std::max(last_use, *moment);
  if (now < last_use + *kept_for_) return;
  if (const auto removed = remove(which); !removed)
    log_.warn("files of a certificate that is configured no more could not be removed",
              {{"path", cert_path}, {"error", removed.error().message()}});
  else
    log_.info("files of a certificate that is configured no more were removed",
              {{"path", cert_path}, {"unused_since", base::to_rfc3339(*since)}});
}

bool unused_pairs::owns_key(const pair& which) const {
  if (is_named(which.known.key_path)) return false;
  const auto chain = base::read_file(which.cert_path, file_bytes_max);
  const auto key = base::read_file(which.known.key_path, file_bytes_max);
  return chain && key && base::certificate::from_pem(*chain, *key).has_value();
}

base::result<void> unused_pairs::remove(const pair& which) const {
  const std::string& key_path = which.known.key_path;
  if (owns_key(which)) {
    if (auto removed = base::remove_file(key_path, calls_); !removed) return removed;
  } else if (exists(key_path) && !is_named(key_path)) {
    log_.warn("a key stays, it is not the one of the certificate that is removed", {{"path", key_path}});
  }
  if (auto removed = base::remove_file(which.cert_path, calls_); !removed) return removed;
  const failure_store failures(which.known.cert_path, key_path);  // named by the configured spelling
  const std::string other_key = is_named(key_path) ? std::string() : key_path;
  for (const std::string& path : files_beside(which.cert_path, other_key, failures))
    if (auto removed = exists(path) ? base::remove_file(path, calls_) : base::result<void>(); !removed)
      return removed;
  for (const char* suffix : {".pending-dns", ".pending-dns-account"})
    if (exists(which.cert_path + suffix))
      log_.warn("DNS records of a removed certificate may still stand, this file names them",
                {{"path", which.cert_path + suffix}});
  return {};
}

void unused_pairs::leave_alone(const std::string& cert_path, std::string_view why) {
  if (told_.insert(cert_path).second)
    log_.info("files of a certificate that is not configured are left alone", {{"path", cert_path}, {"why", why}});
}

}  // namespace cardea::autocert
