#include "autocert/failure_store.hpp"

#include "base/atomic_file.hpp"
#include "base/crypto.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"

#include <fmt/format.h>

namespace cardea::autocert {
namespace {

constexpr std::size_t stamp_bytes_max = 64;
constexpr std::size_t name_digits = 12;

std::string path_of(std::string_view cert_path, std::string_view key_path) {
  const std::string hash = base::hex(base::sha256(fmt::format("{}|{}", cert_path, key_path)));
  return fmt::format("{}/.last_failure-{}", base::directory_of(std::string(cert_path)),
                     hash.substr(0, name_digits));
}

std::optional<base::wall_time> read_stamp(const std::string& path) {
  const auto text = base::read_file(path, stamp_bytes_max);
  return text ? base::from_rfc3339(base::trim(*text)) : std::nullopt;
}

}  // namespace

failure_store::failure_store(std::string_view cert_path, std::string_view key_path, base::file_calls& calls)
    : path_(path_of(cert_path, key_path)), calls_(calls), remembered_(read_stamp(path_)) {}

std::optional<base::wall_time> failure_store::last() const { return remembered_; }

base::result<void> failure_store::record(base::wall_time when) {
  remembered_ = when;
  if (auto made = base::make_directories(base::directory_of(path_), 0700, calls_); !made) return made;
  return base::write_file_atomically(path_, base::to_rfc3339(when), 0600, calls_);
}

base::result<void> failure_store::clear() {
  remembered_.reset();
  return base::remove_file(path_, calls_);
}

}  // namespace cardea::autocert
