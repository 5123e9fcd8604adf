#include "autocert/certificate_folder.hpp"

#include "base/atomic_file.hpp"

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <set>

namespace cardea::autocert {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t file_bytes_max = 1U << 20U;
// The log names this many files of a look; the rest is a number.
constexpr std::size_t named_max = 100;

constexpr std::array<std::string_view, 3> chain_endings{".pem", ".crt", ".cer"};
constexpr std::string_view mkcert_key_ending = "-key.pem";

std::optional<std::string_view> stem_of_chain(std::string_view name) {
  for (const std::string_view ending : chain_endings)
    if (name.size() > ending.size() && name.ends_with(ending))
      return name.substr(0, name.size() - ending.size());
  return std::nullopt;
}

// Tells two states of a file apart, following links; 0 for a file that is not there.
std::uint64_t state_of(const std::string& path, bool& is_readable_by_others) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return 0;
  is_readable_by_others = (found.st_mode & 0077U) != 0;
  std::uint64_t out = 14695981039346656037ULL;
  const auto time = static_cast<std::uint64_t>(found.st_mtim.tv_sec) * 1'000'000'000ULL +
                    static_cast<std::uint64_t>(found.st_mtim.tv_nsec);
  const std::array<std::uint64_t, 4> parts{found.st_dev, found.st_ino,
                                           static_cast<std::uint64_t>(found.st_size), time};
  for (const std::uint64_t part : parts) out = (out ^ part) * 0x9E3779B97F4A7C15ULL ^ out >> 31U;
  return out;
}

struct listing {
  std::vector<std::string> files;
  std::vector<std::string> folders;
};

std::optional<listing> list_folder(const std::string& path) {
  listing out;
  std::error_code failure;
  for (fs::directory_iterator at(path, failure), end; !failure && at != end; at.increment(failure)) {
    std::string name = at->path().filename().string();
    if (name.starts_with('.')) continue;
    std::error_code ignored;  // what vanished meanwhile is no folder
    auto& into = at->is_directory(ignored) ? out.folders : out.files;
    into.push_back(std::move(name));
  }
  if (failure) return std::nullopt;
  std::sort(out.folders.begin(), out.folders.end());
  return out;
}

}  // namespace

std::vector<pair_files> pairs_among(const std::string& folder, std::vector<std::string> file_names) {
  std::sort(file_names.begin(), file_names.end());
  const auto has = [&](std::string_view name) {
    return std::binary_search(file_names.begin(), file_names.end(), name);
  };
  const bool is_of_certbot = has("fullchain.pem") && has("privkey.pem");
  const auto is_part = [&](std::string_view name) {
    if (is_of_certbot && (name == "cert.pem" || name == "chain.pem" || name == "privkey.pem")) return true;
    if (!name.ends_with(mkcert_key_ending)) return false;
    return has(std::string(name.substr(0, name.size() - mkcert_key_ending.size())) + ".pem");
  };
  const auto path_of = [&](std::string_view name) { return fmt::format("{}/{}", folder, name); };
  std::vector<pair_files> out;
  for (const std::string& name : file_names) {
    const auto stem = stem_of_chain(name);
    if (!stem || is_part(name)) continue;
    std::string key = name;
    if (is_of_certbot && name == "fullchain.pem") {
      key = "privkey.pem";
    } else {
      for (std::string candidate : {name + ".key", std::string(*stem) + ".key",
                                    std::string(*stem) + std::string(mkcert_key_ending)}) {
        if (!has(candidate)) continue;
        key = std::move(candidate);
        break;
      }
    }
    out.push_back({path_of(name), path_of(key)});
  }
  return out;
}

certificate_folder::certificate_folder(std::string path, std::uint32_t rank)
    : path_(std::move(path)), rank_(rank), log_(base::logger("autocert").with({"folder", path_})) {}

std::vector<pair_files> certificate_folder::list() {
  std::vector<pair_files> out;
  folders_ = {path_};
  const auto top = list_folder(path_);
  if (!top) {
    // What was loaded stays: a folder that is unmounted for a moment must not take a site down.
    if (!std::exchange(missing_told_, true))
      log_.warn("the folder cannot be read", {{"remedy", "create it, or allow this user to list it"}});
    return out;
  }
  missing_told_ = false;
  out = pairs_among(path_, top->files);
  for (const std::string& name : top->folders) {
    const std::string below = path_ + '/' + name;
    auto inside = list_folder(below);
    folders_.push_back(below);
    if (!inside) {
      log_.warn("a folder cannot be read and is passed over", {{"path", below}});
      continue;
    }
    auto pairs = pairs_among(below, std::move(inside->files));
    std::move(pairs.begin(), pairs.end(), std::back_inserter(out));
  }

  std::set<std::string_view> listed;
  for (const pair_files& each : out) listed.insert(each.chain);
  for (auto at = entries_.begin(); at != entries_.end();) {
    if (listed.contains(at->first)) {
      ++at;
      continue;
    }
    entry& leaving = at->second;
    if (leaving.certificate) changes_.push_back({leaving.by, leaving.certificate, nullptr});
    // The key of the map is a view into the claimant, which the change or this copy keeps alive.
    const claimant_ptr kept = leaving.by;
    at = entries_.erase(at);
  }
  return out;
}

void certificate_folder::examine(const pair_files& files) {
  bool is_readable = false;
  bool ignored = false;
  const bool is_bundle = files.chain == files.key;
  const std::uint64_t key_state = state_of(files.key, is_readable);
  const std::uint64_t state = is_bundle ? key_state : key_state * 31 + state_of(files.chain, ignored);
  auto known = entries_.find(files.chain);
  if (known != entries_.end() && known->second.state == state) return;
  if (known == entries_.end()) {
    auto by = std::make_shared<const claimant>(claimant{rank_, files.chain});
    const std::string_view label = by->label;
    known = entries_.emplace(label, entry{0, std::move(by), nullptr}).first;
  }
  known->second.state = state;

  const auto chain = base::read_file(files.chain, file_bytes_max);
  if (!chain) return pass_over(files, chain.error().message());
  const auto key = is_bundle ? chain : base::read_file(files.key, file_bytes_max);
  if (!key) return pass_over(files, key.error().message());
  auto pair = base::certificate::from_pem_lazily(*chain, *key);
  if (!pair) return pass_over(files, pair.error().message());
  if (is_readable && readable_keys_++ == 0) readable_key_ = files.key;
  base::certificate_ptr& current = known->second.certificate;
  // Touched, not changed: certificates of one chain share it.
  if (current && current->leaf_der() == (*pair)->leaf_der() &&
      &current->intermediates() == &(*pair)->intermediates())
    return;
  changes_.push_back({known->second.by, current, *pair});
  current = std::move(*pair);
}

void certificate_folder::pass_over(const pair_files& files, std::string_view why) {
  if (++passed_over_ > named_max) return;
  log_.warn("no usable certificate, passed over",
            {{"chain", files.chain}, {"key", files.key}, {"reason", why}});
}

std::vector<sni_matcher::change> certificate_folder::take_changes() {
  if (readable_keys_ > 0)
    log_.warn("private keys can be read by others",
              {{"first", readable_key_}, {"count", readable_keys_}, {"remedy", "chmod 600"}});
  if (!changes_.empty() || passed_over_ > 0)
    log_.info("folder loaded",
              {{"changed", changes_.size()}, {"passed_over", passed_over_}, {"files", entries_.size()}});
  passed_over_ = 0;
  readable_keys_ = 0;
  return std::exchange(changes_, {});
}

std::vector<sni_matcher::change> certificate_folder::scan() {
  for (const pair_files& each : list()) examine(each);
  return take_changes();
}

std::vector<std::pair<std::string_view, base::certificate_ptr>> certificate_folder::certificates() const {
  std::vector<std::pair<std::string_view, base::certificate_ptr>> out;
  out.reserve(entries_.size());
  for (const auto& [label, each] : entries_) out.emplace_back(label, each.certificate);
  return out;
}

base::certificate_ptr certificate_folder::first() const {
  for (const auto& [label, each] : entries_)
    if (each.certificate) return each.certificate;
  return nullptr;
}

}  // namespace cardea::autocert
