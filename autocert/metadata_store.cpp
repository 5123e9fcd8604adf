#include "autocert/metadata_store.hpp"

#include "autocert/damaged_file.hpp"
#include "base/atomic_file.hpp"
#include "base/rfc3339.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <filesystem>

namespace cardea::autocert {
namespace {

namespace json = boost::json;

constexpr std::size_t file_bytes_max = 16 * 1024;
constexpr unsigned file_mode = 0644;
constexpr unsigned folder_mode = 0700;
// Longer than any save takes: a younger temporary may be another process at work.
constexpr std::chrono::minutes stale_age{10};

// Releases before the metadata kept only this. The fingerprint is not in it: it
// is filled in when the certificate is seen.
metadata from_former(const std::string& path) {
  const auto text = base::read_file(path, file_bytes_max);
  if (!text) return {};
  boost::system::error_code malformed;
  json::value parsed = json::parse(*text, malformed);
  if (malformed || !parsed.is_object()) return {};
  const json::value* const serial = parsed.get_object().if_contains("serial");
  if (serial == nullptr || !serial->is_string()) return {};
  const std::string of(serial->get_string().c_str());
  const auto wrapped = parse_metadata(R"({"suggestion":)" + *text + "}");
  if (!wrapped) return {};
  metadata out;
  out.serial = of;
  out.suggested = wrapped->suggested;
  return out;
}

}  // namespace

metadata_store::metadata_store(const std::string& cert_path, base::logger log, base::file_calls& calls)
    : path_(metadata_path(cert_path)),
      former_path_(cert_path + ".renewal.json"),
      log_(std::move(log)),
      calls_(calls) {}

metadata metadata_store::load() {
  base::remove_stale_temporaries(path_, stale_age);
  const auto text = base::read_file(path_, file_bytes_max);
  if (!text) {
    if (text.error() == base::make_error_code(base::errc::not_found)) return from_former(former_path_);
    log_.warn("the metadata cannot be read", {{"error", text.error().message()}});
    return {};
  }
  auto parsed = parse_metadata(*text);
  if (parsed) return std::move(*parsed);
  log_.warn("the metadata is damaged", {{"path", path_}, {"error", parsed.error().message()}});
  set_aside(path_, *text, file_mode, log_, calls_);
  return {};
}

metadata metadata_store::peek() const {
  const auto text = base::read_file(path_, file_bytes_max);
  if (!text) return from_former(former_path_);
  auto parsed = parse_metadata(*text);
  return parsed ? std::move(*parsed) : metadata{};
}

base::result<void> metadata_store::save(const metadata& what) {
  if (auto made = base::make_directories(base::directory_of(path_), folder_mode, calls_); !made) return made;
  if (auto written = base::write_file_atomically(path_, to_json(what), file_mode, calls_); !written)
    return written;
  std::error_code ignored;
  if (!std::filesystem::exists(former_path_, ignored)) return {};
  return base::remove_file(former_path_, calls_);
}

}  // namespace cardea::autocert
