#include "config/sections/known_cas.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace cardea::config {
namespace {

struct known_ca {
  std::string_view name;
  std::string_view directory;
  std::string_view staging = {};  // name of the CA in which orders are tried out
  std::string_view eab_url = {};
};

// Each from the CA's own documentation; ACME directories are meant to stay.
constexpr std::string_view buypass_test = "https://api.test4.buypass.no/acme/directory";
constexpr std::string_view google_test = "https://dv.acme-v02.test-api.pki.goog/directory";
constexpr std::array<known_ca, 12> cas{{
    {"buypass", "https://api.buypass.com/acme/directory", "buypass-staging"},
    {"buypass-staging", buypass_test},
    {"buypass-test", buypass_test},
    {"google", "https://dv.acme-v02.api.pki.goog/directory", "google-staging"},
    {"google-staging", google_test},
    {"google-test", google_test},
    {"letsencrypt", lets_encrypt_directory, "letsencrypt-staging"},
    {"letsencrypt-staging", "https://acme-staging-v02.api.letsencrypt.org/directory"},
    {"sslcom", "https://acme.ssl.com/sslcom-dv-ecc"},
    {"sslcom-ecc", "https://acme.ssl.com/sslcom-dv-ecc"},
    {"sslcom-rsa", "https://acme.ssl.com/sslcom-dv-rsa"},
    {"zerossl", "https://acme.zerossl.com/v2/DV90", {}, "https://api.zerossl.com/acme/eab-credentials-email"},
}};

constexpr auto names = [] {
  std::array<std::string_view, cas.size()> out;
  for (std::size_t i = 0; i < cas.size(); ++i) out[i] = cas[i].name;
  return out;
}();

const known_ca* ca_at(std::string_view directory) {
  const auto* const found =
      std::find_if(cas.begin(), cas.end(), [&](const known_ca& each) { return each.directory == directory; });
  return found != cas.end() ? found : nullptr;
}

}  // namespace

std::span<const std::string_view> known_ca_names() { return names; }

std::optional<std::string_view> directory_of_known_ca(std::string_view name) {
  const auto found = std::find_if(cas.begin(), cas.end(), [&](const known_ca& each) {
    return base::equal_ignoring_case(each.name, name);
  });
  if (found == cas.end()) return std::nullopt;
  return found->directory;
}

bool is_public_ca(std::string_view directory) { return ca_at(directory) != nullptr; }

std::optional<std::string_view> staging_of(std::string_view directory) {
  const known_ca* const found = ca_at(directory);
  if (found == nullptr || found->staging.empty()) return std::nullopt;
  return directory_of_known_ca(found->staging);
}

std::optional<std::string_view> eab_url_of(std::string_view directory) {
  const known_ca* const found = ca_at(directory);
  if (found == nullptr || found->eab_url.empty()) return std::nullopt;
  return found->eab_url;
}

}  // namespace cardea::config
