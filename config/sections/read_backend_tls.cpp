#include "config/sections/read_backend_tls.hpp"

#include "base/certificate.hpp"
#include "base/text.hpp"
#include "base/trust_store.hpp"
#include "config/scalars.hpp"

namespace cardea::config {
namespace {

constexpr std::string_view without_effect = "has no effect: the backend is not https";

class backend_tls_reader {
 public:
  backend_tls_reader(mapping& keys, bool is_https, const pem_source& read, backend_tls_section common)
      : keys_(keys), read_(read), is_https_(is_https), out_(std::move(common)) {}

  backend_tls_section take() {
    keys_.read("no_tls_verify", out_.no_verify);
    read_http2();
    read_server_name();
    read_trusted();
    read_certificate();
    read_protocols();
    return std::move(out_);
  }

 private:
  // A value that says something; nothing for "", null and a variable that is unset.
  std::optional<value> take_set(std::string_view key) {
    auto found = keys_.take(key);
    if (!found || found->is_off()) return std::nullopt;
    if (!is_https_) found->warn(std::string(without_effect));
    return found;
  }

  void read_http2() {
    const auto found = keys_.take("backend_http2");
    if (!found) return;
    if (!is_https_) found->warn(std::string(without_effect));
    out_.http2 = found->boolean().value_or(true);
  }

  void read_server_name() {
    const auto found = keys_.take("ssl_server_name");  // here "off" says something
    const auto text = found ? found->text() : std::nullopt;
    if (!text || text->empty()) return;
    if (!is_https_) found->warn(std::string(without_effect));
    std::string name = base::to_lower(*text);
    if (name == "on" || name == "true") {
      out_.send_name = true;
      out_.server_name.clear();
    } else if (name == "off" || name == "false") {
      out_.send_name = false;
    } else if (is_host(name)) {
      out_.server_name = std::move(name);
    } else {
      found->expected("a host name, on or off");
    }
  }

  void read_trusted() {
    const auto found = take_set("ssl_trusted_certificate");
    const auto text = found ? read_pem_file(*found, read_) : std::nullopt;
    if (!text) return;
    auto made = base::trust_store::create({&*text, 1}, false);
    if (made)
      out_.trusted = std::move(*made);
    else
      found->fail(errc::invalid_value, made.error().message());
    if (out_.no_verify) found->warn("has no effect with no_tls_verify");
  }

  void read_certificate() {
    const auto certificate = take_set("ssl_certificate");
    const auto key = take_set("ssl_certificate_key");
    if (!certificate && !key) return;
    if (!certificate || !key)
      return (certificate ? certificate : key)
          ->fail(errc::missing_field, "ssl_certificate and ssl_certificate_key belong together");
    const auto chain = read_pem_file(*certificate, read_);
    const auto secret = read_pem_file(*key, read_);
    if (!chain || !secret) return;
    auto made = base::certificate::from_pem(*chain, *secret);
    if (made)
      out_.certificate = std::move(*made);
    else
      certificate->fail(errc::invalid_value, made.error().message());
  }

  void read_protocols() {
    const auto found = take_set("ssl_protocols");
    if (!found) return;
    bool tls12 = false;
    bool tls13 = false;
    for (const value& item : found->items()) {
      const auto text = item.text();
      if (!text || text->empty()) continue;
      const std::string name = base::to_lower(*text);
      if (name == "tlsv1.2")
        tls12 = true;
      else if (name == "tlsv1.3")
        tls13 = true;
      else if (name == "tlsv1" || name == "tlsv1.0" || name == "tlsv1.1")
        item.fail(errc::unsupported, "TLS 1.0 and 1.1 are broken and not spoken to anybody; remove it");
      else
        item.expected("TLSv1.2 or TLSv1.3");
    }
    if (!tls12 && !tls13) return;
    out_.tls12 = tls12;
    out_.tls13 = tls13;
  }

  mapping& keys_;
  const pem_source& read_;
  bool is_https_;
  backend_tls_section out_;
};

}  // namespace

backend_tls_section read_backend_tls(mapping& keys, bool is_https, const pem_source& read,
                                     backend_tls_section common) {
  return backend_tls_reader(keys, is_https, read, std::move(common)).take();
}

}  // namespace cardea::config
