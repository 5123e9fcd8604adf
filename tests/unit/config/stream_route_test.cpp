// Goal: TCP and UDP routes are read as GoDoxy spells them, and two that want one port are told apart.
#include "config/listening.hpp"
#include "tests/unit/config/fixture.hpp"

#include <gtest/gtest.h>

namespace cardea::config {
namespace {

using test::load_main;

route_section only_route(const std::string& keys) {
  const load_result out = load_main("routes:\n  a: {" + keys + "}\n");
  EXPECT_TRUE(out.loaded) << format_issues(out.errors);
  return out.loaded ? out.loaded->routes.front() : route_section{};
}

std::string errors_of(const std::string& text) { return format_issues(load_main(text).errors); }

TEST(stream_route, listen_and_target_ports_are_read) {
  const route_section tcp = only_route("scheme: tcp, host: 10.0.0.5, port: '25565:25566', bind: 192.0.2.1");
  EXPECT_EQ(tcp.scheme, route_scheme::tcp);
  EXPECT_EQ(tcp.listen_port, 25565);
  EXPECT_EQ(tcp.port, 25566);
  EXPECT_EQ(tcp.bind, "192.0.2.1");
  EXPECT_FALSE(tcp.tls_termination);
  EXPECT_FALSE(tcp.relay_proxy_protocol_header);
  const route_section udp = only_route("scheme: UDP, host: 10.0.0.5, port: '53:53', bind: '[2001:db8::1]'");
  EXPECT_EQ(udp.scheme, route_scheme::udp);
  EXPECT_EQ(udp.bind, "2001:db8::1");
  const route_section both =
      only_route("scheme: tcp, host: db, port: '5432:5432', tlsTermination: true, relayProxyProtocolHeader: yes");
  EXPECT_TRUE(both.tls_termination);
  EXPECT_TRUE(both.relay_proxy_protocol_header);
}

TEST(stream_route, a_listening_port_without_a_scheme_means_tcp) {
  EXPECT_EQ(only_route("host: db, port: '5432:5432'").scheme, route_scheme::tcp);
  EXPECT_EQ(only_route("host: db, port: '8443:443'").scheme, route_scheme::tcp);
  EXPECT_EQ(only_route("host: db, port: ':8443'").scheme, route_scheme::https);
}

TEST(stream_route, every_address_is_one_spelling) {
  for (const char* bind : {"0.0.0.0", "'::'", "''"})
    EXPECT_EQ(only_route("scheme: tcp, host: db, port: '5432:5432', bind: " + std::string(bind)).bind, "") << bind;
}

TEST(stream_route, half_of_it_is_refused) {
  EXPECT_EQ(errors_of("routes: {a: {scheme: tcp, port: 5432}}\n"),
            "config.yml:1:33: routes.a.port: expected listen:target, like \"25565:25565\": a route of this scheme "
            "listens on a port of its own\n");
  EXPECT_EQ(errors_of("routes: {a: {scheme: udp}}\n"),
            "config.yml:1:10: routes.a.port: expected listen:target, like \"25565:25565\": a route of this scheme "
            "listens on a port of its own\n");
  EXPECT_EQ(errors_of("routes: {a: {scheme: tcp, host: db, port: '5432:'}}\n"),
            "config.yml:1:43: routes.a.port: expected listen:target, two ports from 1 to 65535, found \"5432:\"\n");
  EXPECT_EQ(errors_of("routes: {a: {scheme: tcp, host: db, port: '5432:5432', bind: lan}}\n"),
            "config.yml:1:62: routes.a.bind: expected an IP address of this machine, found \"lan\"\n");
}

TEST(stream_route, what_only_tcp_has_is_refused_elsewhere) {
  for (const char* key : {"tls_termination", "relay_proxy_protocol_header"})
    for (const char* route : {"scheme: udp, host: db, port: '53:53', ", "port: 81, "})
      EXPECT_NE(errors_of("routes: {a: {" + std::string(route) + key + ": true}}\n")
                    .find(std::string(key) + ": only routes with scheme tcp have it; remove it"),
                std::string::npos)
          << key << " " << route;
}

TEST(stream_route, what_only_http_has_is_refused) {
  const std::string begin = "routes: {a: {scheme: tcp, host: db, port: '5432:5432', ";
  for (const char* keys : {"load_balance: {mode: leastconn}", "max_conns_per_host: 5"})
    EXPECT_NE(errors_of(begin + keys + "}}\n").find("not supported for routes of scheme tcp and udp"), std::string::npos)
        << errors_of(begin + keys + "}}\n");
  EXPECT_NE(errors_of("inbound_mtls_profiles: {p: {use_system_cas: true}}\n" + begin + "inbound_mtls_profile: p}}\n")
                .find("asks no client for a certificate"),
            std::string::npos);
  EXPECT_EQ(errors_of(begin + "load_balance: {}, max_conns_per_host: 0, healthcheck: {disable: true}}}\n"), "");
}

TEST(stream_route, an_address_to_bind_is_for_streams_only) {
  EXPECT_EQ(errors_of("routes: {a: {port: 81, bind: 127.0.0.1}}\n"),
            "config.yml:1:30: routes.a.bind: known from GoDoxy but not supported by this version of Cardea; remove it\n");
}

TEST(stream_route, two_that_want_one_port_are_named_with_both_places) {
  EXPECT_EQ(errors_of("routes:\n"
                      "  a: {scheme: tcp, host: x, port: '7000:1'}\n"
                      "  b: {scheme: tcp, host: x, port: '7000:2', bind: 127.0.0.1}\n"
                      "  c: {scheme: udp, host: x, port: '7000:3'}\n"
                      "  d: {scheme: udp, host: x, port: '7000:4', bind: 127.0.0.1}\n"),
            "config.yml:3:3: routes.b: cannot listen on 127.0.0.1:7000: route a at config.yml:2:3 listens on :7000 "
            "already\n"
            "config.yml:5:3: routes.d: cannot listen on 127.0.0.1:7000: route c at config.yml:4:3 listens on :7000 "
            "already\n");
  EXPECT_EQ(errors_of("entrypoint: {http_addr: ':8080'}\n"
                      "routes:\n"
                      "  a: {scheme: tcp, host: x, port: '8080:1'}\n"
                      "  b: {scheme: tcp, host: x, port: '8888:1', bind: 127.0.0.1}\n"),
            "config.yml:3:3: routes.a: cannot listen on :8080: entrypoint.http_addr has :8080 already\n"
            "config.yml:4:3: routes.b: cannot listen on 127.0.0.1:8888: api.addr has 127.0.0.1:8888 already\n");
}

TEST(stream_route, ports_that_only_look_alike_are_no_conflict) {
  const load_result out = load_main(
      "routes:\n"
      "  a: {scheme: tcp, host: x, port: '7000:1', bind: 127.0.0.1}\n"
      "  b: {scheme: tcp, host: x, port: '7000:1', bind: 127.0.0.2}\n"
      "  c: {scheme: udp, host: x, port: '7000:1'}\n"
      "  d: {scheme: udp, host: x, port: '80:1'}\n"
      "  e: {scheme: tcp, host: x, port: '443:1'}\n"
      "  f: {scheme: tcp, host: y, port: '443:1'}\n"
      "  g: {scheme: udp, host: x, port: '443:1'}\n");
  EXPECT_TRUE(out.loaded) << format_issues(out.errors);
}

TEST(stream_route, the_port_of_https_is_shared_by_server_name) {
  const auto shares = [](const char* https, const char* bind, const char* port = "443:1", const char* scheme = "tcp") {
    const load_result out = load_main(std::string("entrypoint: {https_addr: '") + https + "'}\nroutes: {a: {scheme: " +
                                      scheme + ", host: x, port: '" + port + "', bind: '" + bind + "'}}\n");
    EXPECT_TRUE(out.loaded) << format_issues(out.errors);
    return out.loaded && shares_https(out.loaded->routes[0], out.loaded->entrypoint);
  };
  EXPECT_TRUE(shares(":443", ""));
  EXPECT_TRUE(shares(":443", "127.0.0.1"));
  EXPECT_TRUE(shares("127.0.0.1:443", "0.0.0.0"));
  EXPECT_TRUE(shares("127.0.0.1:443", "127.0.0.1"));
  EXPECT_FALSE(shares("127.0.0.1:443", "127.0.0.2"));
  EXPECT_FALSE(shares(":443", "", "8443:1"));
  EXPECT_FALSE(shares("", ""));
  EXPECT_FALSE(shares(":443", "", "443:1", "udp"));
}

TEST(stream_route, a_route_to_itself_is_a_loop) {
  constexpr const char* sentence =
      "config.yml:1:10: routes.a: listens on port 5432 and leads to localhost:5432, which is itself; name the "
      "backend's host, or bind another address\n";
  EXPECT_EQ(errors_of("routes: {a: {scheme: tcp, port: '5432:5432'}}\n"), sentence);
  EXPECT_EQ(errors_of("routes: {a: {scheme: udp, port: '5432:5432'}}\n"), sentence);
  EXPECT_EQ(errors_of("routes: {a: {scheme: tcp, port: '5432:5432', bind: 192.0.2.1}}\n"), "");
  EXPECT_EQ(errors_of("routes: {a: {scheme: tcp, port: '5433:5432'}}\n"), "");
  EXPECT_NE(errors_of("routes: {a: {scheme: tcp, port: '5433:443'}}\n").find("is Cardea's own address"), std::string::npos);
}

}  // namespace
}  // namespace cardea::config
