// Goal: V10: the server name is found however the hello is cut, and garbage is left to others.
#include "proxy/tls/raw_hello.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <cstring>
#include <string>

namespace cardea::proxy::tls {
namespace {

using namespace std::string_literals;
using state = raw_hello::state;

std::string number(std::size_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xffU);
  return out;
}
std::string part(const std::string& value, int width) { return number(value.size(), width) + value; }
std::string extension(std::size_t type, const std::string& value) { return number(type, 2) + part(value, 2); }
std::string named(const std::string& host) { return extension(0, part("\0"s + part(host, 2), 2)); }

std::string message(const std::string& extensions) {
  const std::string body = "\x03\x03"s + std::string(32, 'r') + part(std::string(32, 's'), 1) + part("\x13\x01"s, 2) +
                           part("\0"s, 1) + part(extensions, 2);
  return "\x01"s + part(body, 3);
}

// In records of so many bytes each.
std::string cut(const std::string& handshake, std::size_t size) {
  std::string out;
  for (std::size_t at = 0; at < handshake.size(); at += size) out += "\x16\x03\x01"s + part(handshake.substr(at, size), 2);
  return out;
}

struct outcome {
  state seen;
  std::string name;
  std::size_t bytes;
};
outcome read(std::string wire) {
  const raw_hello out = read_raw_hello({wire.data(), wire.size()});
  return {out.seen, out.server_name, out.bytes};
}

// What OpenSSL says first.
std::string of_openssl(const char* host, const char* protocols = nullptr) {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* session = SSL_new(context);
  SSL_CTX_free(context);
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(session, in, out);
  if (host != nullptr) SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(host));
  if (protocols != nullptr)
    SSL_set_alpn_protos(session, reinterpret_cast<const unsigned char*>(protocols), static_cast<unsigned>(std::strlen(protocols)));
  SSL_set_connect_state(session);
  SSL_do_handshake(session);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out, &data);
  std::string wire(data, static_cast<std::size_t>(size));
  SSL_free(session);
  return wire;
}

// Every cut ends with the name, and a reader that sleeps as it was told wakes up in time.
void expect_name(const std::string& wire, const std::string& name) {
  const outcome whole = read(wire);
  ASSERT_EQ(whole.seen, state::found);
  EXPECT_EQ(whole.name, name);
  EXPECT_EQ(read(wire + "\x14\x03\x03\x00\x01\x01"s).name, name);
  const std::size_t step = wire.size() > 5000 ? 37 : 1;
  for (std::size_t size = 0; size < wire.size(); size += step) {
    const outcome some = read(wire.substr(0, size));
    ASSERT_EQ(some.seen, state::need_more) << size;
    ASSERT_GT(some.bytes, size);
    ASSERT_LE(some.bytes, wire.size()) << "after " << size;
  }
}

TEST(raw_hello, v10_openssls_own_is_read) {
  expect_name(of_openssl("app.example.com"), "app.example.com");
  expect_name(of_openssl("app.example.com", "\x02h2\x08http/1.1"), "app.example.com");
  expect_name(of_openssl(nullptr), "");
}

TEST(raw_hello, v10_any_fragmentation_is_put_together) {
  const std::string hello = message(extension(10, part("\x00\x1d"s, 2)) + named("app.example.com") + extension(16, ""));
  for (const std::size_t size : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{5}, std::size_t{100}, hello.size()})
    expect_name(cut(hello, size), "app.example.com");
  const std::string real = of_openssl("app.example.com").substr(5);
  for (const std::size_t size : {std::size_t{1}, std::size_t{4}, real.size() - 1}) expect_name(cut(real, size), "app.example.com");
}

TEST(raw_hello, v10_key_shares_of_any_size_are_no_matter) {
  const std::string share = extension(51, part("\x11\xec"s + part(std::string(1216, 'k'), 2), 2));
  expect_name(cut(message(share + named("pq.example.com")), 1200), "pq.example.com");
  const std::string large = extension(21, std::string(20'000, '\0'));
  expect_name(cut(message(large + named("large.example.com")), 16 * 1024), "large.example.com");
}

TEST(raw_hello, v10_a_hundred_extensions_are_gone_through) {
  std::string many;
  for (std::size_t i = 0; i < 100; ++i) many += extension(0x5000 + i, std::string(i, 'x'));
  expect_name(cut(message(many + named("many.example.com")), 16 * 1024), "many.example.com");
}

TEST(raw_hello, v10_a_length_that_nobody_would_wait_for_is_said_at_once) {
  const outcome out = read("\x16\x03\x01\x40\x00\x01\xff\xff\xff"s);
  EXPECT_EQ(out.seen, state::need_more);
  EXPECT_GT(out.bytes, 16U * 1024 * 1024);
}

TEST(raw_hello, v10_garbage_is_none) {
  const std::string hello = message(named("a.b"));
  for (const std::string& wire :
       {"GET / HTTP/1.1\r\n\r\n"s, "\x15\x03\x01\x00\x02\x02\x28"s, "\x16\x02\x00\x00\x10"s, "\x80\x2e\x01\x03\x01"s,
        "\x16\x03\x01\x00\x00"s, "\x16\x03\x01\x40\x01"s, cut("\x02" + hello.substr(1), 100), "\x16\x03\x01\x00\x04\x01\x00\x00\x00"s,
        cut(hello.substr(0, 10), 4) + "\x17\x03\x03\x00\x05hello"s, std::string(100, '\0')})
    EXPECT_EQ(read(wire).seen, state::none) << wire;
}

TEST(raw_hello, v10_one_that_contradicts_itself_is_none) {
  const std::string name = part("\0"s + part("a.b"s, 2), 2);
  for (const std::string& extensions :
       {named("a.b") + named("a.b"), extension(0, ""), extension(0, "\0\0"s), extension(0, name + "x"),
        extension(0, part("\0"s + part(""s, 2), 2)), extension(0, part("\0"s + part("a\0b"s, 2), 2)),
        extension(0, part("\0"s + part("a.b"s, 2) + "\0"s + part("c.d"s, 2), 2)), extension(0, "\x00\x09\x00\x00\x03xyz"s),
        extension(0, part("\0"s + part(std::string(256, 'a'), 2), 2)), "\x00\x00\x00"s, "\x00\x05\x00\x09x"s})
    EXPECT_EQ(read(cut(message(extensions), 1000)).seen, state::none) << extensions;
  std::string longer = message(named("a.b"));
  longer.insert(longer.size(), "x");
  longer[3] = static_cast<char>(longer[3] + 1);
  EXPECT_EQ(read(cut(longer, 1000)).seen, state::none) << "a byte behind the extensions";
}

TEST(raw_hello, one_without_extensions_names_nobody) {
  const std::string body = "\x03\x01"s + std::string(32, 'r') + part("", 1) + part("\x00\x2f"s, 2) + part("\0"s, 1);
  const outcome out = read(cut("\x01"s + part(body, 3), 1000));
  EXPECT_EQ(out.seen, state::found);
  EXPECT_EQ(out.name, "");
}

}  // namespace
}  // namespace cardea::proxy::tls
