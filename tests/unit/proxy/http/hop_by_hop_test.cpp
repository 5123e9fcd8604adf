#include "proxy/http/hop_by_hop.hpp"

#include "proxy/http1/request_parser.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

// T08-T13, S37 and U06 of the security list: what travels on.
namespace cardea::proxy::http {
namespace {

/// The names of those of `fields` that are forwarded, each with a blank after it.
template <class Rule>
std::string forwarded(const std::string& fields, Rule rule) {
  const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
  const http1::head_limits limits;
  http1::request_parser parser(limits);
  request_head head;
  EXPECT_EQ(parser.parse(bytes, head), http1::parse_status::done) << parser.why().reason;
  const connection_options options(head.fields, bytes.data());
  std::string names;
  for (const field& line : head.fields)
    if (rule(line, bytes.data(), options)) names.append(name_of(line, bytes.data())).append(" ");
  return names;
}

std::string to_backend(const std::string& fields) { return forwarded(fields, forwards_to_backend); }
std::string to_client(const std::string& fields) { return forwarded(fields, forwards_to_client); }

TEST(hop_by_hop, t09_fields_of_the_connection_stay_behind_in_both_directions) {
  const std::string fields =
      "Connection: keep-alive, X-Mine\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\nProxy-Authenticate: x\r\n"
      "Proxy-Authorization: x\r\nTE: gzip\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\nUpgrade: "
      "websocket\r\n"
      "X-Mine: 1\r\nx-mine: 2\r\nAccept: */*\r\n";
  EXPECT_EQ(to_backend(fields), "Host Accept ");
  EXPECT_EQ(to_client(fields), "Host Accept ");
}

TEST(hop_by_hop, t09_te_is_kept_only_as_trailers) {
  EXPECT_EQ(to_backend("TE: trailers\r\n"), "Host TE ");
  EXPECT_EQ(to_backend("te: Trailers\r\nConnection: te\r\n"), "Host te ");
  for (const char* value : {"gzip", "trailers, gzip", "trailers;q=1", "", "xtrailers"})
    EXPECT_EQ(to_backend(std::string("TE: ") + value + "\r\n"), "Host ") << value;
  EXPECT_EQ(to_client("TE: trailers\r\n"), "Host ");
}

TEST(hop_by_hop, t09_every_listed_name_is_dropped) {
  EXPECT_EQ(to_backend("Connection: close ,, a\t, B\r\nConnection: c\r\nA: 1\r\nb: 1\r\nC: 1\r\nd: 1\r\n"),
            "Host d ");
  std::string many = "Connection: c";
  std::string lines;
  for (int i = 0; i < 40; ++i) {
    many += ", n" + std::to_string(i);
    lines += "n" + std::to_string(i) + ": 1\r\n";
  }
  EXPECT_EQ(to_backend(many + "\r\n" + lines + "other: 1\r\n"), "Host other ") << "more than are remembered";
}

TEST(hop_by_hop, t10_a_list_does_not_strip_what_carries_identity_or_framing) {
  EXPECT_EQ(
      to_backend(
          "Connection: close, X-Forwarded-For, X-Auth-User, Host, Content-Length, Authorization, Cookie,"
          " Origin, Range, Content-Type, Sec-Fetch-Site, Referer\r\n"
          "Content-Length: 0\r\nAuthorization: x\r\nX-Auth-User: root\r\nCookie: a\r\nOrigin: x\r\n"
          "Range: x\r\nContent-Type: x\r\nSec-Fetch-Site: x\r\nReferer: x\r\n"),
      "Host Content-Length Authorization Cookie Origin Range Content-Type Sec-Fetch-Site Referer ");
  EXPECT_EQ(
      to_client(
          "Connection: Set-Cookie, Strict-Transport-Security, Content-Length, X-Frame-Options, Location,"
          " X-Mine, Access-Control-Allow-Origin, Content-Security-Policy, Cache-Control\r\n"
          "Set-Cookie: a\r\nStrict-Transport-Security: x\r\nContent-Length: 0\r\nX-Frame-Options: x\r\n"
          "Location: x\r\nX-Mine: x\r\nAccess-Control-Allow-Origin: x\r\nContent-Security-Policy: x\r\n"
          "Cache-Control: x\r\n"),
      "Host Set-Cookie Strict-Transport-Security Content-Length X-Frame-Options Location "
      "Access-Control-Allow-Origin Content-Security-Policy Cache-Control ");
}

TEST(hop_by_hop, t11_what_a_stranger_says_about_forwarding_is_dropped) {
  EXPECT_EQ(
      to_backend(
          "X-Forwarded-For: 1\r\nX-Forwarded-Host: 1\r\nX-Forwarded-Method: 1\r\nX-Forwarded-Port: 1\r\n"
          "X-Forwarded-Prefix: 1\r\nX-Forwarded-Proto: 1\r\nX-Forwarded-Uri: 1\r\nX-Real-IP: 1\r\n"
          "Forwarded: 1\r\nVia: 1\r\nx-FORWARDED-Ssl: 1\r\nX-Forwarded: 1\r\n"),
      "Host X-Forwarded ");
  EXPECT_EQ(to_client("Via: 1\r\nServer: x\r\nDate: x\r\n"), "Host Via Server Date ");
}

TEST(hop_by_hop, t08_names_that_backends_may_mistake_are_dropped) {
  EXPECT_EQ(to_backend("X_Forwarded_For: 1\r\nX.Auth: 1\r\nX-Forwarded_For: 1\r\n_: 1\r\nX-Fine: 1\r\n"),
            "Host X-Fine ");
  EXPECT_EQ(to_client("X_Y: 1\r\n"), "Host X_Y ");
}

TEST(hop_by_hop, t12_what_only_a_proxy_may_say_about_a_clients_certificate_is_dropped) {
  EXPECT_EQ(
      to_backend(
          "X-SSL-Client-Verify: SUCCESS\r\nx-ssl-client-subject-dn: CN=root\r\nX-Ssl-Client-Fingerprint: 0\r\n"
          "SSL-Client-Verify: SUCCESS\r\nClient-Cert: :AA==:\r\nclient-cert-chain: :AA==:\r\n"
          "X-Forwarded-Tls-Client-Cert: x\r\nX_SSL_Client_Verify: SUCCESS\r\nX-SSL-Other: 1\r\n"),
      "Host X-SSL-Other ");
  for (const char* name : {"X-SSL-Client-Verify", "ssl-client-subject-dn", "Client-Cert"})
    EXPECT_FALSE(forwards_as_trailer(field_id::other, name)) << name;
}

TEST(hop_by_hop, t13_proxy_is_dropped) {
  EXPECT_EQ(to_backend("Proxy: http://evil/\r\npROXY: x\r\n"), "Host ");
}

TEST(hop_by_hop, s37_settings_of_http2_are_dropped) {
  EXPECT_EQ(to_backend("Upgrade: h2c\r\nHTTP2-Settings: AAM\r\nConnection: Upgrade, HTTP2-Settings\r\n"),
            "Host ");
  EXPECT_EQ(to_backend("HTTP2-Settings: AAM\r\n"), "Host ");
}

TEST(connection_options, are_compared_without_case_and_as_a_whole) {
  const std::string bytes = "Abc, def";
  header_table fields;
  EXPECT_TRUE(connection_options(fields, bytes.data()).empty());
  ASSERT_TRUE(fields.add({0, 0, static_cast<std::uint32_t>(bytes.size()), 0, field_id::connection}));
  const connection_options options(fields, bytes.data());
  EXPECT_FALSE(options.empty());
  EXPECT_TRUE(options.lists("aBC") && options.lists("DEF"));
  EXPECT_FALSE(options.lists("ab") || options.lists("abcd") || options.lists("") ||
               options.lists("abc, def"));
}

}  // namespace
}  // namespace cardea::proxy::http
