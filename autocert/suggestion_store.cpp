#include "autocert/suggestion_store.hpp"

#include "base/atomic_file.hpp"
#include "base/rfc3339.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

namespace cardea::autocert {
namespace {

namespace json = boost::json;

constexpr std::size_t file_bytes_max = 4096;

std::string text_of(const json::object& from, const char* name) {
  const json::value* const found = from.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string().c_str()) : std::string();
}

std::optional<base::wall_time> time_of(const json::object& from, const char* name) {
  return base::from_rfc3339(text_of(from, name));
}

}  // namespace

suggestion_store::suggestion_store(const std::string& cert_path, base::file_calls& calls)
    : path_(cert_path + ".renewal.json"), calls_(calls) {}

std::optional<suggestion> suggestion_store::load() const {
  const auto text = base::read_file(path_, file_bytes_max);
  if (!text) return std::nullopt;
  boost::system::error_code malformed;
  const json::value parsed = json::parse(*text, malformed);
  if (malformed || !parsed.is_object()) return std::nullopt;
  const json::object& from = parsed.get_object();
  const auto start = time_of(from, "window_start");
  const auto end = time_of(from, "window_end");
  const auto at = time_of(from, "renew_at");
  const auto ask_again = time_of(from, "ask_again");
  const bool is_sound = start && end && at && ask_again && *start < *end && *start <= *at && *at <= *end;
  if (!is_sound) return std::nullopt;
  return suggestion{text_of(from, "serial"), {*start, *end, text_of(from, "explanation")}, *at, *ask_again};
}

base::result<void> suggestion_store::save(const suggestion& what) {
  const json::object out{{"serial", what.serial},
                         {"window_start", base::to_rfc3339(what.window.start)},
                         {"window_end", base::to_rfc3339(what.window.end)},
                         {"renew_at", base::to_rfc3339(what.at)},
                         {"ask_again", base::to_rfc3339(what.ask_again)},
                         {"explanation", what.window.explanation}};
  return base::write_file_atomically(path_, json::serialize(out) + "\n", 0644, calls_);
}

base::result<void> suggestion_store::clear() { return base::remove_file(path_, calls_); }

}  // namespace cardea::autocert
