#include "proxy/tls/client_hello.hpp"

#include "base/text.hpp"

#include <openssl/ssl.h>

namespace cardea::proxy::tls {
namespace {

constexpr std::size_t name_bytes_max = 255;
constexpr char type_host_name = 0;

// Takes a vector with two bytes of length from the front; nothing when it is cut short.
std::optional<std::string_view> take_vector(std::string_view& from) {
  if (from.size() < 2) return std::nullopt;
  const auto size = static_cast<std::size_t>(static_cast<unsigned char>(from[0]) << 8 | static_cast<unsigned char>(from[1]));
  if (from.size() - 2 < size) return std::nullopt;
  const std::string_view out = from.substr(2, size);
  from.remove_prefix(2 + size);
  return out;
}

}  // namespace

std::optional<std::string> parse_server_name(std::string_view extension) {
  auto list = take_vector(extension);
  if (!list || !extension.empty() || list->empty()) return std::nullopt;
  // More than one name of a type is forbidden, and there is only one type.
  if (list->front() != type_host_name) return std::nullopt;
  list->remove_prefix(1);
  const auto name = take_vector(*list);
  if (!name || !list->empty() || name->empty() || name->size() > name_bytes_max) return std::nullopt;
  if (name->find('\0') != std::string_view::npos) return std::nullopt;
  std::string out = base::to_lower(*name);
  if (out.ends_with('.')) out.pop_back();
  return out;
}

std::optional<std::string> server_name_in_hello(SSL* session) {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(session, TLSEXT_TYPE_server_name, &data, &size) != 1) return std::string{};
  return parse_server_name({reinterpret_cast<const char*>(data), size});
}

bool asks_for_acme_proof(SSL* session) {
  constexpr std::string_view only_acme("\0\x0b\x0a" "acme-tls/1", 13);
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(session, TLSEXT_TYPE_application_layer_protocol_negotiation, &data, &size) != 1)
    return false;
  return std::string_view(reinterpret_cast<const char*>(data), size) == only_acme;
}

}  // namespace cardea::proxy::tls
