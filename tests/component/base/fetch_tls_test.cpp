// Goal: no byte of a request reaches a server whose certificate does not prove
// the name in the URL. Method: certificates made for each case, a Python server.
#include "base/fetch_client.hpp"

#include "tests/support/python_child.hpp"
#include "tests/support/test_ca.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>

namespace cardea::base {
namespace {

using namespace std::chrono_literals;
using tests::python_child;

awaitable<void> keep(fetch call, fetch_request request, std::optional<result<fetch_response>>* out) {
  auto answer = co_await call(std::move(request));
  out->emplace(std::move(answer));
}

class fetch_tls : public testing::Test {
 protected:
  fetch_tls() {
    std::string pattern = (std::filesystem::temp_directory_path() / "fetch_tls_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    options_.ca_files = {write("ca.pem", ca_.pem())};
    options_.system_cas = false;
  }
  ~fetch_tls() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    const auto path = folder_ / name;
    std::ofstream(path) << text;
    return path.string();
  }

  std::unique_ptr<python_child> serve(const tests::pem_pair& pair,
                                      const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"-Wignore", CARDEA_SOURCE_DIR "/tests/component/base/fetch_peer.py",
                                       "127.0.0.1", write("leaf.pem", pair.certificate),
                                       write("leaf.key", pair.key)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    auto peer = std::make_unique<python_child>(arguments);
    port_ = peer->read_line();
    return peer;
  }

  result<fetch_response> get(const std::string& host, const std::string& path = "/echo") {
    auto made = make_fetch(options_);
    if (!made) return made.error();
    asio::io_context context(1);
    std::optional<result<fetch_response>> out;
    fetch_request request{.url = "https://" + host + ":" + port_ + path, .timeout = 5s};
    asio::co_spawn(context, keep(*made, std::move(request), &out),
                   [](std::exception_ptr failure) { EXPECT_EQ(failure, nullptr); });
    context.run();
    *made = nullptr;  // its idle connections go before the context
    return out ? std::move(*out) : error(errc::cancelled);
  }

  const tests::test_ca ca_{"test CA"};
  std::filesystem::path folder_;
  fetch_client_options options_;
  std::string port_;
};

TEST_F(fetch_tls, reaches_a_server_that_proves_its_name_or_address) {
  const auto peer = serve(ca_.issue("DNS:localhost,IP:127.0.0.1"));
  for (const char* host : {"localhost", "LOCALHOST", "127.0.0.1"}) {
    const auto answer = get(host);
    ASSERT_TRUE(answer) << host << ": " << answer.error().message();
    EXPECT_EQ(answer->status, 200);
  }
  EXPECT_EQ(peer->read_line(), "sni localhost");
  EXPECT_EQ(peer->read_line(), "sni localhost");
  EXPECT_EQ(peer->read_line(), "sni None")
      << "an address is never sent as a server name (RFC 6066 section 3)";
}

TEST_F(fetch_tls, b33_refuses_certificates_that_prove_nothing) {
  const tests::test_ca other("other CA");
  const struct {
    const char* what;
    tests::pem_pair pair;
    const char* host;
    const char* reason;
  } rows[] = {
      {"another CA", other.issue("DNS:localhost"), "localhost", "unable to get local issuer certificate"},
      {"another name", ca_.issue("DNS:other.test"), "localhost", "hostname mismatch"},
      {"another address", ca_.issue("IP:127.0.0.2,DNS:127.0.0.1"), "127.0.0.1", "IP address mismatch"},
      {"a name for an address", ca_.issue("IP:127.0.0.1"), "localhost", "hostname mismatch"},
      {"partial wildcard", ca_.issue("DNS:local*"), "localhost", "hostname mismatch"},
      {"expired", ca_.issue("DNS:localhost", -48h, -1h), "localhost", "certificate has expired"},
      {"not yet valid", ca_.issue("DNS:localhost", 1h, 48h), "localhost", "certificate is not yet valid"},
  };
  for (const auto& row : rows) {
    const auto peer = serve(row.pair);
    const auto answer = get(row.host, "/echo?token=s3cret");
    ASSERT_FALSE(answer) << row.what;
    EXPECT_EQ(answer.error().message(),
              row.host + (":" + port_) + ": TLS handshake: certificate refused: " + row.reason)
        << row.what;
  }
}

TEST_F(fetch_tls, b33_trusts_only_the_system_when_no_file_is_given) {
  const auto peer = serve(ca_.issue("DNS:localhost"));
  options_.ca_files = {};
  options_.system_cas = true;
  EXPECT_FALSE(get("localhost"));
  options_.ca_files = {write("ca.pem", ca_.pem())};
  EXPECT_TRUE(get("localhost")) << "a given file adds to the system's";
}

TEST_F(fetch_tls, refuses_versions_before_1_2) {
  const auto modern = serve(ca_.issue("DNS:localhost"), {"TLSv1_2"});
  EXPECT_TRUE(get("localhost"));
  const auto old = serve(ca_.issue("DNS:localhost"), {"TLSv1_1"});
  const auto answer = get("localhost");
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message().find("TLS handshake"), std::string::npos) << answer.error().message();
}

TEST_F(fetch_tls, takes_an_end_without_close_notify_for_a_cut) {
  const auto peer = serve(ca_.issue("DNS:localhost"));
  const auto whole = get("localhost", "/until-close");
  ASSERT_TRUE(whole) << whole.error().message();
  EXPECT_EQ(whole->body, "until the end");
  const auto cut = get("localhost", "/until-cut");
  ASSERT_FALSE(cut) << "an attacker can forge the end of a TCP stream";
  EXPECT_EQ(cut.error().code, errc::protocol) << cut.error().message();
}

TEST_F(fetch_tls, names_the_step_when_the_server_does_not_speak_tls) {
  python_child plain(
      {"-c",
       "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1])\n"
       "c, _ = s.accept(); c.sendall(b'HTTP/1.1 400 Bad Request\\r\\n\\r\\n'); c.recv(9999); c.close()"});
  port_ = plain.read_line();
  const auto answer = get("localhost");
  ASSERT_FALSE(answer);
  EXPECT_TRUE(answer.error().message().starts_with("localhost:" + port_ + ": TLS handshake: "))
      << answer.error().message();
  EXPECT_NE(answer.error().code, errc::timed_out);
}

TEST_F(fetch_tls, bounds_the_handshake_by_the_deadline) {
  asio::io_context context(1);
  const asio::ip::tcp::acceptor mute(context, {asio::ip::make_address("127.0.0.1"), 0});
  port_ = std::to_string(mute.local_endpoint().port());
  auto call = make_fetch(options_).value();
  std::optional<result<fetch_response>> out;
  fetch_request request{.url = "https://localhost:" + port_ + "/", .timeout = 300ms};
  const auto begin = std::chrono::steady_clock::now();
  asio::co_spawn(context, keep(call, std::move(request), &out), [](std::exception_ptr) {});
  context.run();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  ASSERT_TRUE(out && !*out);
  EXPECT_EQ(out->error().code, errc::timed_out);
  EXPECT_NE(out->error().message().find("TLS handshake"), std::string::npos) << out->error().message();
}

TEST_F(fetch_tls, names_the_ca_file_that_cannot_be_used) {
  const struct {
    std::string file;
    errc code;
  } rows[] = {{(folder_ / "absent.pem").string(), errc::io},
              {write("empty.pem", ""), errc::io},
              {folder_.string(), errc::io},
              {write("text.pem", "not a certificate\n"), errc::invalid_argument}};
  for (const auto& row : rows) {
    options_.ca_files = {write("ca.pem", ca_.pem()), row.file};
    const auto made = make_fetch(options_);
    ASSERT_FALSE(made) << row.file;
    EXPECT_EQ(made.error().code, row.code) << made.error().message();
    EXPECT_NE(made.error().message().find(row.file), std::string::npos) << made.error().message();
  }
}

}  // namespace
}  // namespace cardea::base
