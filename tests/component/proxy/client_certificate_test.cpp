// Goal: who has to show a certificate shows it, whatever he writes into Host and however he resumes.
#include "base/trust_store.hpp"
#include "tests/support/proxy_under_test.hpp"

namespace cardea::proxy {
namespace {

using tests::ok;
using tests::pem_pair;
using tests::proxy_under_test;
using tests::raw_origin;
using tests::route_to;
using tests::test_ca;
using tests::tls_client;
using tests::tls_client_options;

constexpr int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

std::shared_ptr<const base::trust_store> trust(const std::string& pem) {
  return base::trust_store::create({&pem, 1}, false).value();
}

std::string ask_for(const std::string& host) { return "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"; }

/// Routes open.test, and staff.test, more.test, devices.test with policies, before four workers.
struct client_certificate : testing::Test {
  test_ca staff{"staff"};
  test_ca devices{"devices"};
  pem_pair employee = staff.issue("email:me@staff.test");
  pem_pair device = devices.issue("DNS:sensor");
  raw_origin origin{raw_origin::answering(ok())};
  proxy_under_test proxy{routes(), with_threads(4)};

  static config::entrypoint_section with_threads(std::size_t count) {
    config::entrypoint_section out;
    out.threads = count;
    return out;
  }

  std::vector<routing::route> routes() {
    std::vector<routing::route> out;
    for (const char* name : {"open.test", "staff.test", "more.test", "devices.test"})
      out.push_back(route_to(origin.port(), name));
    out[1].client_cas = out[2].client_cas = trust(staff.pem());
    out[3].client_cas = trust(devices.pem());
    return out;
  }

  /// The status of a request over a connection with these options; 0 when there was no answer.
  int status(const tls_client_options& options, const std::string& host) {
    tls_client client(proxy.port(), options);
    if (!client.connected()) return 0;
    return client.ask(ask_for(host)).status;
  }

  /// A session that was made with an answer behind it.
  tests::tls_session session_of(const tls_client_options& options, const std::string& host) {
    tls_client client(proxy.port(), options);
    EXPECT_TRUE(client.connected());
    EXPECT_EQ(client.ask(ask_for(host)).status, 200);
    // A copy: OpenSSL's own is of no use once the connection was closed without a farewell.
    return tests::tls_session(SSL_SESSION_dup(client.session().get()));
  }
};

TEST_F(client_certificate, is_asked_for_by_the_routes_that_say_so_and_by_no_other) {
  for (const int version : versions) {
    EXPECT_EQ(status({.server_name = "open.test", .version = version}, "open.test"), 200);
    EXPECT_EQ(status({.server_name = "staff.test", .version = version}, "staff.test"), 0);
    EXPECT_EQ(status({.server_name = "staff.test", .version = version, .certificate = &device}, "staff.test"), 0);
    EXPECT_EQ(status({.server_name = "staff.test", .version = version, .certificate = &employee}, "staff.test"), 200);
    EXPECT_EQ(status({.server_name = "devices.test", .version = version, .certificate = &device}, "devices.test"),
              200);
  }
  EXPECT_EQ(status({.server_name = "open.test", .certificate = &employee}, "open.test"), 200);
}

TEST_F(client_certificate, that_has_expired_lets_nobody_in) {
  const pem_pair old = staff.issue("DNS:old", std::chrono::hours(-48), std::chrono::hours(-24));
  EXPECT_EQ(status({.server_name = "staff.test", .certificate = &old}, "staff.test"), 0);
}

TEST_F(client_certificate, is_asked_for_everywhere_when_the_entrypoint_says_so) {
  config::entrypoint_section section;
  section.client_cas = trust(staff.pem());
  const proxy_under_test all({route_to(origin.port(), "open.test")}, section);
  for (const char* name : {"open.test", "nobody.test", ""}) {
    tls_client without(all.port(), {.server_name = name});
    EXPECT_EQ(without.connected() ? without.ask(ask_for("open.test")).status : 0, 0) << name;
    tls_client with(all.port(), {.server_name = name, .certificate = &employee});
    EXPECT_EQ(with.ask(ask_for("open.test")).status, 200) << name;
  }
}

TEST_F(client_certificate, v02_a_host_with_another_policy_is_misdirected_and_the_connection_ends) {
  for (const auto& [name, certificate, host] :
       {std::tuple<const char*, const pem_pair*, const char*>{"open.test", nullptr, "staff.test"},
        {"open.test", &employee, "staff.test"},
        {"staff.test", &employee, "devices.test"},
        {"staff.test", &employee, "open.test"},
        {"staff.test", &employee, "nobody.test"}}) {
    tls_client client = proxy.connect({.server_name = name, .certificate = certificate});
    const auto answer = client.ask(ask_for(host));
    EXPECT_EQ(answer.status, 421) << name << " " << host;
    EXPECT_TRUE(answer.has_line("Connection: close")) << answer.head;
    EXPECT_EQ(client.stream().read_to_end(), "");
    EXPECT_EQ(client.stream().end(), tests::stream_end::orderly);
  }
  EXPECT_EQ(origin.received(), "") << "no request reached a backend";
}

TEST_F(client_certificate, v01_hosts_of_one_policy_may_share_a_connection) {
  tls_client client = proxy.connect({.server_name = "staff.test", .certificate = &employee});
  EXPECT_EQ(client.ask(ask_for("staff.test")).status, 200);
  EXPECT_EQ(client.ask(ask_for("more.test")).status, 200);
}

TEST_F(client_certificate, v03_no_name_and_no_other_spelling_of_one_evades_it) {
  for (const char* name : {"", "127.0.0.1", "nobody.test"})
    for (const char* host : {"staff.test", "STAFF.test", "staff.test.", "staff.test:443"})
      EXPECT_EQ(status({.server_name = name}, host), 421) << name << " " << host;
  for (const char* name : {"STAFF.TEST", "staff.test.", "Staff.Test"}) {
    EXPECT_EQ(status({.server_name = name}, "staff.test"), 0) << name;
    EXPECT_EQ(status({.server_name = name, .certificate = &employee}, "staff.test"), 200) << name;
  }
}

TEST_F(client_certificate, v04_a_session_is_resumed_under_its_own_name_on_every_worker) {
  for (const int version : versions) {
    const auto session =
        session_of({.server_name = "staff.test", .version = version, .certificate = &employee}, "staff.test");
    for (int i = 0; i < 16; ++i) {
      tls_client again(proxy.port(), {.server_name = "staff.test", .version = version, .resume = session.get()});
      ASSERT_TRUE(again.connected());
      EXPECT_TRUE(again.resumed());
      EXPECT_EQ(again.ask(ask_for("staff.test")).status, 200) << "what was proved then holds still";
    }
  }
}

TEST_F(client_certificate, v04_a_session_of_one_policy_is_nothing_to_another) {
  for (const int version : versions) {
    const auto plain = session_of({.server_name = "open.test", .version = version}, "open.test");
    const auto proved =
        session_of({.server_name = "staff.test", .version = version, .certificate = &employee}, "staff.test");
    for (SSL_SESSION* session : {plain.get(), proved.get()}) {
      EXPECT_EQ(status({.server_name = "devices.test", .version = version, .resume = session}, "devices.test"), 0);
      const tls_client_options more{.server_name = "more.test", .version = version, .resume = session};
      EXPECT_EQ(status(more, "more.test"), 0) << "the same policy, another name: the handshake is made anew";
    }
    EXPECT_EQ(status({.server_name = "staff.test", .version = version, .resume = plain.get()}, "staff.test"), 0);
    tls_client back(proxy.port(), {.server_name = "open.test", .version = version, .resume = proved.get()});
    EXPECT_TRUE(back.connected());
    EXPECT_FALSE(back.resumed());
  }
}

TEST_F(client_certificate, v05_a_session_does_not_outlive_the_authority_it_was_proved_by) {
  for (const int version : versions) {
    proxy.publish(routes());
    const tls_client_options options{.server_name = "staff.test", .version = version, .certificate = &employee};
    const auto session = session_of(options, "staff.test");
    tls_client open = proxy.connect(options);
    EXPECT_EQ(open.ask(ask_for("staff.test")).status, 200);
    auto changed = routes();
    changed[1].client_cas = changed[2].client_cas = trust(devices.pem());
    proxy.publish(changed);
    const tls_client_options resuming{.server_name = "staff.test", .version = version, .resume = session.get()};
    EXPECT_EQ(status(resuming, "staff.test"), 0);
    EXPECT_EQ(open.ask(ask_for("staff.test")).status, 421) << "nor does a connection that is open";
  }
}

TEST_F(client_certificate, v05_a_new_configuration_with_the_same_authorities_ends_no_session) {
  const tls_client_options options{.server_name = "staff.test", .certificate = &employee};
  const auto session = session_of(options, "staff.test");
  tls_client open = proxy.connect(options);
  proxy.publish(routes());
  EXPECT_EQ(open.ask(ask_for("staff.test")).status, 200);
  EXPECT_TRUE(proxy.connect({.server_name = "staff.test", .resume = session.get()}).resumed());
}

TEST_F(client_certificate, t12_its_subject_reaches_the_backend_and_a_clients_own_claims_do_not) {
  tls_client proved = proxy.connect({.server_name = "staff.test", .certificate = &employee});
  static_cast<void>(proved.ask("GET / HTTP/1.1\r\nHost: staff.test\r\nX-SSL-Client-Subject-DN: CN=root\r\n\r\n"));
  const std::string first = origin.received();
  EXPECT_NE(first.find("X-SSL-Client-Verify: SUCCESS\r\n"), std::string::npos) << first;
  EXPECT_NE(first.find("X-SSL-Client-Subject-DN: CN=leaf\r\n"), std::string::npos) << first;
  EXPECT_EQ(first.find("CN=root"), std::string::npos) << first;
  tls_client plain = proxy.connect({.server_name = "open.test", .certificate = &employee});
  static_cast<void>(plain.ask("GET / HTTP/1.1\r\nHost: open.test\r\nX-SSL-Client-Verify: SUCCESS\r\n\r\n"));
  EXPECT_EQ(origin.received().substr(first.size()).find("SSL-Client"), std::string::npos);
}

}  // namespace
}  // namespace cardea::proxy
