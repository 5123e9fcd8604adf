#include "config/sections/known_cas.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

namespace cardea::config {
namespace {

struct known_ca {
  std::string_view name;
  std::string_view directory;
};

// Each from the CA's own documentation; ACME directories are meant to stay.
constexpr std::array<known_ca, 9> cas{{
    {"buypass", "https://api.buypass.com/acme/directory"},
    {"buypass-test", "https://api.test4.buypass.no/acme/directory"},
    {"google", "https://dv.acme-v02.api.pki.goog/directory"},
    {"google-test", "https://dv.acme-v02.test-api.pki.goog/directory"},
    {"letsencrypt", lets_encrypt_directory},
    {"letsencrypt-staging", "https://acme-staging-v02.api.letsencrypt.org/directory"},
    {"sslcom", "https://acme.ssl.com/sslcom-dv-ecc"},
    {"sslcom-rsa", "https://acme.ssl.com/sslcom-dv-rsa"},
    {"zerossl", "https://acme.zerossl.com/v2/DV90"},
}};

constexpr auto names = [] {
  std::array<std::string_view, cas.size()> out;
  for (std::size_t i = 0; i < cas.size(); ++i) out[i] = cas[i].name;
  return out;
}();

}  // namespace

std::span<const std::string_view> known_ca_names() { return names; }

std::optional<std::string_view> directory_of_known_ca(std::string_view name) {
  const auto found = std::find_if(cas.begin(), cas.end(), [&](const known_ca& each) {
    return base::equal_ignoring_case(each.name, name);
  });
  if (found == cas.end()) return std::nullopt;
  return found->directory;
}

}  // namespace cardea::config
