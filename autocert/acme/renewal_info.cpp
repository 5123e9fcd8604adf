#include "autocert/acme/renewal_info.hpp"

#include "autocert/acme/error.hpp"
#include "autocert/acme/json.hpp"
#include "autocert/acme/transport.hpp"
#include "base/rfc3339.hpp"
#include "base/text.hpp"

#include <openssl/asn1.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>

namespace cardea::autocert::acme {
namespace {

constexpr std::chrono::minutes ask_again_min{1};
constexpr std::chrono::hours ask_again_max{24};
constexpr std::chrono::hours ask_again_usual{6};
constexpr std::size_t explanation_bytes_max = 500;

std::string bytes_of(const ASN1_STRING* from) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(from)),
          static_cast<std::size_t>(ASN1_STRING_length(from))};
}

}  // namespace

std::optional<std::string> certificate_id(X509* leaf) {
  const std::unique_ptr<AUTHORITY_KEYID, void (*)(AUTHORITY_KEYID*)> authority(
      static_cast<AUTHORITY_KEYID*>(X509_get_ext_d2i(leaf, NID_authority_key_identifier, nullptr, nullptr)),
      AUTHORITY_KEYID_free);
  const ASN1_INTEGER* const number = X509_get0_serialNumber(leaf);
  if (!authority || authority->keyid == nullptr || number == nullptr) return std::nullopt;
  std::string serial = bytes_of(number);
  // DER writes a positive number with a leading zero byte when its first bit is set.
  if (serial.empty() || (static_cast<unsigned char>(serial.front()) & 0x80U) != 0) serial.insert(0, 1, '\0');
  return base::base64url(bytes_of(authority->keyid)) + "." + base::base64url(serial);
}

base::result<renewal_window> parse_renewal_info(std::string_view body) {
  const auto parsed = parse_object(body);
  if (!parsed) return parsed.error().at("renewal information");
  const auto* const window = object_member(*parsed, "suggestedWindow");
  if (window == nullptr) return base::error(errc::malformed_answer, "the renewal information has no window");
  const auto start = base::from_rfc3339(text_member(*window, "start"));
  const auto end = base::from_rfc3339(text_member(*window, "end"));
  if (!start || !end || *end <= *start)
    return base::error(errc::malformed_answer, "the window of the renewal information is no window");
  renewal_window out{*start, *end, text_member(*parsed, "explanationURL")};
  const bool is_plain =
      std::all_of(out.explanation.begin(), out.explanation.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!is_plain || out.explanation.size() > explanation_bytes_max) out.explanation.clear();
  return out;
}

std::chrono::seconds ask_again_after(std::string_view retry_after, base::wall_time now) {
  const auto asked = parse_retry_after(retry_after, now);
  if (!asked) return ask_again_usual;
  return std::clamp<std::chrono::seconds>(*asked, ask_again_min, ask_again_max);
}

}  // namespace cardea::autocert::acme
