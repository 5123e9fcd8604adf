#pragma once

#include "base/certificate.hpp"
#include "proxy/server.hpp"
#include "tests/support/raw_origin.hpp"
#include "tests/support/test_ca.hpp"
#include "tests/support/tls_client.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace cardea::tests {

/// A free port of 127.0.0.1 that stays taken for everybody but who shares it with
/// SO_REUSEPORT, as the proxy's workers do.
class reserved_port {
 public:
  reserved_port() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof where;
    bind(fd_, reinterpret_cast<const sockaddr*>(&where), size);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&where), &size);
    number_ = ntohs(where.sin_port);
  }
  reserved_port(const reserved_port&) = delete;
  reserved_port& operator=(const reserved_port&) = delete;
  ~reserved_port() { ::close(fd_); }

  [[nodiscard]] std::uint16_t number() const noexcept { return number_; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(number_); }

 private:
  int fd_;
  std::uint16_t number_ = 0;
};

/// Certificates by exact name, and those for everybody else.
class named_certificates final : public base::certificate_source {
 public:
  explicit named_certificates(const pem_pair& fallback) { fallback_.push_back(parsed(fallback)); }
  explicit named_certificates(std::vector<base::certificate_ptr> fallback) : fallback_(std::move(fallback)) {}
  /// One more for the name, after those that are there.
  void add(const std::string& name, const pem_pair& pair) { add(name, parsed(pair)); }
  void add(const std::string& name, base::certificate_ptr certificate) {
    by_name_[name].push_back(std::move(certificate));
  }

  [[nodiscard]] std::span<const base::certificate_ptr> find(std::string_view server_name) const noexcept override {
    const auto at = by_name_.find(server_name);
    return at == by_name_.end() ? fallback_ : at->second;
  }

 private:
  static base::certificate_ptr parsed(const pem_pair& pair) {
    return base::certificate::from_pem(pair.certificate, pair.key).value();
  }

  std::map<std::string, std::vector<base::certificate_ptr>, std::less<>> by_name_;
  std::vector<base::certificate_ptr> fallback_;
};

/// A backend on 127.0.0.1.
[[nodiscard]] inline proxy::upstream::backend backend_at(std::uint16_t port) {
  proxy::upstream::backend out;
  out.host = "127.0.0.1";
  out.port = port;
  out.addresses = {base::address::from_parts("127.0.0.1", port).value()};
  return out;
}

/// The route `name` to a backend on 127.0.0.1.
[[nodiscard]] inline proxy::routing::route route_to(std::uint16_t port,
                                                    const std::string& name = "app.test") {
  proxy::routing::route out;
  out.name = name;
  out.upstream.name = name;
  out.upstream.backends = {backend_at(port)};
  return out;
}

/// A route to several backends on 127.0.0.1, in that order.
[[nodiscard]] inline proxy::routing::route route_to_all(std::initializer_list<std::uint16_t> ports,
                                                        const std::string& name = "app.test") {
  proxy::routing::route out;
  out.name = name;
  out.upstream.name = name;
  for (const std::uint16_t port : ports) out.upstream.backends.push_back(backend_at(port));
  return out;
}

/// A TCP route on a port of its own to a backend on 127.0.0.1.
[[nodiscard]] inline proxy::stream::route tcp_route(const reserved_port& listening, std::uint16_t to,
                                                    const std::string& name = "stream") {
  proxy::stream::route out;
  out.name = name;
  out.at = {base::address::parse(listening.address()).value(), proxy::net::transport::tcp};
  out.backend = "127.0.0.1:" + std::to_string(to);
  out.addresses = {base::address::from_parts("127.0.0.1", to).value()};
  return out;
}

/// A proxy::server on a free port with one worker (unless the section says otherwise)
/// and a certificate of its own CA.
class proxy_under_test {
 public:
  explicit proxy_under_test(std::vector<proxy::routing::route> routes,
                            config::entrypoint_section section = {}) {
    section.https_addr = port_.address();
    section.http_addr = section.http_addr == ":80" ? "" : clear_port_.address();
    if (section.threads == 0) section.threads = 1;
    const auto started = server_.start(section);
    EXPECT_TRUE(started) << started.error().message();
    server_.publish_certificates(std::make_shared<named_certificates>(ca_.issue("DNS:app.test")));
    hosts_ = {section.strict_host, section.client_cas, {}};
    hosts_.error_pages = section.error_pages.files;
    hosts_.error_pages_of_backends = config::replaces_errors(section.middlewares);
    if (section.access_log) hosts_.access_log = open_log(*section.access_log);
    publish(std::move(routes));
  }
  explicit proxy_under_test(const raw_origin& origin, config::entrypoint_section section = {})
      : proxy_under_test({route_to(origin.port())}, std::move(section)) {}

  void publish(std::vector<proxy::routing::route> routes) {
    const auto table =
        std::make_shared<const proxy::routing::route_table>(std::move(routes), std::vector<std::string>{});
    server_.publish_routes(table, hosts_);
  }

  /// For the routes that are published next.
  [[nodiscard]] proxy::access_log::shared_logger open_log(const config::access_log_section& section) {
    auto opened = server_.journal().open(section);
    EXPECT_TRUE(opened) << opened.error().message();
    return opened ? *opened : nullptr;
  }

  void publish_streams(std::vector<proxy::stream::route> routes) {
    const auto table =
        std::make_shared<const proxy::stream::route_table>(std::move(routes), std::vector<std::string>{});
    const auto bound = server_.bind_streams(table->endpoints());
    EXPECT_TRUE(bound) << bound.error().message();
    server_.publish_streams(table);
  }

  [[nodiscard]] proxy::server& server() noexcept { return server_; }
  [[nodiscard]] const test_ca& ca() const noexcept { return ca_; }
  [[nodiscard]] std::uint16_t port() const noexcept { return port_.number(); }
  /// Of the listener without TLS, which is there when the section names any address but the default.
  [[nodiscard]] std::uint16_t clear_port() const noexcept { return clear_port_.number(); }

  [[nodiscard]] tls_client connect(const tls_client_options& options = {}) const {
    tls_client out(port(), options);
    EXPECT_TRUE(out.connected()) << "the TLS handshake";
    return out;
  }

 private:
  reserved_port port_;
  reserved_port clear_port_;
  test_ca ca_{"test CA"};
  proxy::server server_;
  proxy::host_policy hosts_;
};

/// "GET PATH HTTP/1.1" for app.test with more field lines, each ending in CRLF.
[[nodiscard]] inline std::string get(const std::string& path = "/", const std::string& fields = {}) {
  return "GET " + path + " HTTP/1.1\r\nHost: app.test\r\n" + fields + "\r\n";
}

/// A response with a Content-Length.
[[nodiscard]] inline std::string ok(const std::string& body = "ok", const std::string& fields = {}) {
  return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

}  // namespace cardea::tests
