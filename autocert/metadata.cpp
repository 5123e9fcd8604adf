#include "autocert/metadata.hpp"

#include "base/rfc3339.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>

namespace cardea::autocert {
namespace {

namespace json = boost::json;
using moment = std::optional<base::wall_time>;

constexpr std::size_t text_bytes_max = 2000;  // of what others said
constexpr unsigned attempts_max = 1'000'000;

std::string text_of(const json::object& from, const char* name) {
  const json::value* const found = from.if_contains(name);
  return found != nullptr && found->is_string() ? std::string(found->get_string().c_str()) : std::string();
}

moment time_of(const json::object& from, const char* name) {
  return base::from_rfc3339(text_of(from, name));
}

unsigned number_of(const json::object& from, const char* name) {
  const json::value* const found = from.if_contains(name);
  if (found == nullptr || !found->is_int64() || found->get_int64() < 0) return 0;
  return static_cast<unsigned>(std::min<std::int64_t>(found->get_int64(), attempts_max));
}

void put(json::object& to, const char* name, const moment& when) {
  if (when) to[name] = base::to_rfc3339(*when);
}

void put(json::object& to, const char* name, const std::string& text) {
  if (!text.empty()) to[name] = base::valid_utf8(std::string_view(text).substr(0, text_bytes_max));
}

std::optional<suggestion> suggestion_of(const json::object& from) {
  const moment start = time_of(from, "window_start");
  const moment end = time_of(from, "window_end");
  const moment at = time_of(from, "renew_at");
  const moment ask_again = time_of(from, "ask_again");
  const bool is_sound = start && end && at && ask_again && *start < *end && *start <= *at && *at <= *end;
  if (!is_sound) return std::nullopt;
  return suggestion{{*start, *end, text_of(from, "explanation")}, *at, *ask_again};
}

json::object to_object(const suggestion& what) {
  json::object out;
  put(out, "window_start", moment(what.window.start));
  put(out, "window_end", moment(what.window.end));
  put(out, "renew_at", moment(what.at));
  put(out, "ask_again", moment(what.ask_again));
  put(out, "explanation", what.window.explanation);
  return out;
}

}  // namespace

std::string to_json(const metadata& what) {
  json::object out;
  put(out, "serial", what.serial);
  put(out, "fingerprint", what.fingerprint);
  put(out, "ca", what.ca);
  put(out, "profile", what.profile);
  put(out, "obtained_at", what.obtained_at);
  if (what.suggested) out["suggestion"] = to_object(*what.suggested);
  out["attempts"] = what.attempts;
  put(out, "attempted_at", what.attempted_at);
  put(out, "last_error", what.last_error);
  put(out, "failed_at", what.failed_at);
  put(out, "wanted_profile", what.wanted_profile);
  put(out, "cert_path", what.cert_path);
  put(out, "key_path", what.key_path);
  return json::serialize(out) + "\n";
}

base::result<metadata> parse_metadata(std::string_view text) {
  boost::system::error_code malformed;
  const json::value parsed = json::parse({text.data(), text.size()}, malformed);
  if (malformed || !parsed.is_object()) return base::error(base::errc::protocol, "not a JSON object");
  const json::object& from = parsed.get_object();
  metadata out{text_of(from, "serial"), text_of(from, "fingerprint"), text_of(from, "ca"),
               text_of(from, "profile"), time_of(from, "obtained_at")};
  if (const json::value* const found = from.if_contains("suggestion")) {
    if (found->is_object()) out.suggested = suggestion_of(found->get_object());
    if (!out.suggested) return base::error(base::errc::protocol, "the CA's suggestion contradicts itself");
  }
  out.attempts = number_of(from, "attempts");
  out.attempted_at = time_of(from, "attempted_at");
  out.last_error = text_of(from, "last_error");
  out.failed_at = time_of(from, "failed_at");
  out.wanted_profile = text_of(from, "wanted_profile");
  out.cert_path = text_of(from, "cert_path");
  out.key_path = text_of(from, "key_path");
  return out;
}

metadata metadata_of(const base::certificate& fresh, std::string ca, profile_choice profile,
                     base::wall_time now) {
  metadata out{fresh.serial_hex(), fingerprint_of(fresh), std::move(ca), std::move(profile.obtained), now};
  if (profile.wanted != out.profile) out.wanted_profile = std::move(profile.wanted);
  return out;
}

std::string fingerprint_of(const base::certificate& of) { return fingerprint_of(of.leaf().get()); }

std::string fingerprint_of(const X509* leaf) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(leaf, EVP_sha256(), digest.data(), &size) != 1) return {};
  return base::hex({digest.data(), size});
}

std::string metadata_path(const std::string& cert_path) { return cert_path + ".meta.json"; }

}  // namespace cardea::autocert
