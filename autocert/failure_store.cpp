#include "autocert/failure_store.hpp"

#include "base/atomic_file.hpp"
#include "base/crypto.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace cardea::autocert {
namespace {

namespace json = boost::json;

constexpr std::size_t stamp_bytes_max = 64;
constexpr std::size_t record_bytes_max = 64 * 1024;
constexpr std::size_t issuers_max = 100;
constexpr unsigned count_max = 1'000'000;
constexpr std::size_t name_digits = 12;

std::string path_of(std::string_view kind, std::string_view cert_path, std::string_view key_path) {
  const std::string hash = base::hex(base::sha256(fmt::format("{}|{}", cert_path, key_path)));
  return fmt::format("{}/.{}-{}", base::directory_of(std::string(cert_path)), kind,
                     hash.substr(0, name_digits));
}

std::optional<base::wall_time> read_stamp(const std::string& path) {
  const auto text = base::read_file(path, stamp_bytes_max);
  return text ? base::from_rfc3339(base::trim(*text)) : std::nullopt;
}

std::string text_in(const json::object& from, const char* name) {
  const json::value* const found = from.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string().c_str()) : std::string();
}

unsigned count_in(const json::object& from, const char* name) {
  const json::value* const found = from.if_contains(name);
  if (found == nullptr || !found->is_int64() || found->get_int64() < 0) return 0;
  return static_cast<unsigned>(std::min<std::int64_t>(found->get_int64(), count_max));
}

// What cannot be read counts as nothing: the stamp alone still holds attempts apart.
failure_record read_record(const std::string& path) {
  failure_record out;
  const auto text = base::read_file(path, record_bytes_max);
  if (!text) return out;
  boost::system::error_code malformed;
  const json::value parsed = json::parse(*text, malformed);
  if (malformed || !parsed.is_object()) return out;
  const json::object& from = parsed.get_object();
  out.in_row = count_in(from, "failures_in_row");
  out.wanted = text_in(from, "wanted");
  const json::value* const list = from.if_contains("issuers");
  if (list == nullptr || !list->is_array()) return out;
  for (const json::value& each : list->get_array()) {
    if (!each.is_object() || out.issuers.size() == issuers_max) continue;
    const json::object& one = each.get_object();
    issuer_failures next{text_in(one, "ca"), count_in(one, "failures"),
                         base::from_rfc3339(text_in(one, "not_before")), false};
    const json::value* const lasting = one.if_contains("lasting");
    next.lasting = lasting != nullptr && lasting->is_bool() && lasting->get_bool();
    out.issuers.push_back(std::move(next));
  }
  return out;
}

}  // namespace

failure_store::failure_store(std::string_view cert_path, std::string_view key_path, base::file_calls& calls)
    : path_(path_of("last_failure", cert_path, key_path)),
      record_path_(path_of("attempts", cert_path, key_path)),
      calls_(calls),
      remembered_(read_stamp(path_)),
      record_(read_record(record_path_)) {}

std::optional<base::wall_time> failure_store::last() const { return remembered_; }

base::result<void> failure_store::write_record() const {
  json::array issuers;
  for (const issuer_failures& each : record_.issuers) {
    json::object one{{"ca", each.ca}, {"failures", each.count}};
    if (each.not_before) one["not_before"] = base::to_rfc3339(*each.not_before);
    if (each.lasting) one["lasting"] = true;
    issuers.push_back(std::move(one));
  }
  const json::object out{
      {"failures_in_row", record_.in_row}, {"wanted", record_.wanted}, {"issuers", std::move(issuers)}};
  return base::write_file_atomically(record_path_, json::serialize(out) + "\n", 0600, calls_);
}

void failure_store::forget_other(const std::string& wanted) {
  if (record_.wanted == wanted || record_.in_row == 0) return;
  // A limit is one whatever is asked for; the pause after the last attempt stays, too.
  record_.in_row = 1;
  for (issuer_failures& each : record_.issuers) {
    each.count = 0;
    if (each.lasting) each.not_before.reset();
    each.lasting = false;
  }
}

base::result<void> failure_store::begin(base::wall_time when, const std::string& wanted) {
  forget_other(wanted);
  remembered_ = when;
  record_.in_row = std::min(record_.in_row + 1, count_max);
  record_.wanted = wanted;
  if (auto made = base::make_directories(base::directory_of(path_), 0700, calls_); !made) return made;
  const auto counted = write_record();
  auto stamped = base::write_file_atomically(path_, base::to_rfc3339(when), 0600, calls_);
  return stamped ? counted : stamped;
}

base::result<void> failure_store::keep(failure_record record) {
  record_ = std::move(record);
  return write_record();
}

base::result<void> failure_store::clear() {
  remembered_.reset();
  record_ = {};
  const auto forgotten = base::remove_file(record_path_, calls_);
  auto removed = base::remove_file(path_, calls_);
  return removed ? forgotten : removed;
}

}  // namespace cardea::autocert
