#include "base/fetch_connection.hpp"

#include "base/certificate.hpp"
#include "base/fetch_options.hpp"
#include "base/text.hpp"
#include "base/trust_store.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <cerrno>
#include <fstream>
#include <optional>

namespace cardea::base {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;

using tcp_stream = beast::basic_stream<asio::ip::tcp, executor>;
using tls_stream = ssl::stream<tcp_stream>;
using response_parser = http::response_parser<http::string_body>;

// Interim answers before the real one: a server that sends more is not serving.
constexpr int interim_count_max = 16;

error translated(error_code ec, bool answer_began) {
  if (ec == beast::error::timeout) return errc::timed_out;
  if (ec == asio::error::operation_aborted) return errc::cancelled;
  if (ec == http::error::body_limit) return {errc::limit_exceeded, "the body is longer than allowed"};
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow)
    return {errc::limit_exceeded, "the head is longer than allowed"};
  const bool ended = ec == http::error::end_of_stream || ec == http::error::partial_message ||
                     ec == asio::error::eof || ec == ssl::error::stream_truncated;
  if (ended && answer_began) return {errc::protocol, "the answer was cut short"};
  if (ended) return {errc::closed, "closed before the answer"};
  if (ec.category() == http::make_error_code(http::error::bad_version).category())
    return {errc::protocol, "malformed answer: " + ec.message()};
  return ec;
}

// SSL_set_tlsext_host_name without its C cast, which also drops const.
bool send_server_name(SSL* session, std::string host) {
  return SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data()) == 1;
}

// OpenSSL's own check (RFC 6125) runs during verification and names its reason.
bool expect_peer(SSL* session, const std::string& host, bool send_name) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(session);
  error_code not_literal;
  asio::ip::make_address(host, not_literal);
  if (!not_literal) return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size()) == 1 &&
         (!send_name || send_server_name(session, host));
}

// A leaf with its key and the chain below it.
bool show(SSL_CTX* context, const certificate& own) {
  const auto opened = own.open();
  if (!opened || SSL_CTX_use_certificate(context, opened->leaf.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, opened->key.get()) != 1)
    return false;
  for (const x509_ptr& each : own.intermediates())
    if (SSL_CTX_add1_chain_cert(context, each.get()) != 1) return false;
  return true;
}

error handshake_failure(SSL* session, error_code ec) {
  const long verdict = SSL_get_verify_result(session);
  if (verdict != X509_V_OK)
    return {ec, std::string("certificate refused: ") + X509_verify_cert_error_string(verdict)};
  if (ec == asio::error::eof || ec == ssl::error::stream_truncated)
    return {errc::closed, "closed by the server"};
  return translated(ec, false);
}

http::request<http::string_body> message(const fetch_request& request, const fetch_target& target) {
  http::request<http::string_body> out;
  out.version(11);
  out.method_string(request.method);
  out.target(target.path);
  out.set(http::field::host, target.authority);
  for (const http_field& field : request.headers) out.insert(field.name, field.value);
  const bool sends_body = request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (sends_body || !request.body.empty()) out.content_length(request.body.size());
  out.body() = request.body;
  return out;
}

// Two readings of one answer would desynchronise a connection that is reused.
bool has_sound_framing(const http::fields& fields) {
  const auto codings = fields.count(http::field::transfer_encoding);
  if (codings == 0) return fields.count(http::field::content_length) <= 1;
  const auto coding = fields[http::field::transfer_encoding];
  return codings == 1 && fields.count(http::field::content_length) == 0 &&
         equal_ignoring_case(std::string_view(coding.data(), coding.size()), "chunked");
}

fetch_response converted(http::response<http::string_body>&& answer) {
  fetch_response out;
  out.status = static_cast<int>(answer.result_int());
  for (const auto& field : answer) {
    const auto name = field.name_string();
    const auto value = field.value();
    out.headers.push_back({std::string(name.data(), name.size()), std::string(value.data(), value.size())});
  }
  out.body = std::move(answer.body());
  return out;
}

struct read_limits {
  std::size_t head_bytes_max;
  std::size_t body_bytes_max;
  bool without_body;  ///< the answer to HEAD
};

// Reads up to the end of the final answer. `began` tells the caller, also on
// failure, whether the server answered at all.
template <class Stream>
awaitable<result<std::unique_ptr<response_parser>>> read_answer(Stream& stream, beast::flat_buffer& buffer,
                                                                read_limits limits, bool& began) {
  for (int interim = 0; interim <= interim_count_max; ++interim) {
    auto parser = std::make_unique<response_parser>();
    parser->header_limit(static_cast<std::uint32_t>(limits.head_bytes_max));
    parser->body_limit(limits.body_bytes_max);
    parser->skip(limits.without_body);
    auto [head_failure, head_bytes] = co_await http::async_read_header(stream, buffer, *parser, as_result);
    began = began || parser->got_some() || buffer.size() > 0;
    if (head_failure) co_return translated(head_failure, began);
    const unsigned status = parser->get().result_int();
    if (status < 100 || status > 599 || status == 101)
      co_return error(errc::protocol, "unexpected status " + std::to_string(status));
    if (status < 200) continue;
    if (!has_sound_framing(parser->get()))
      co_return error(errc::protocol, "malformed answer: ambiguous body length");
    if (!parser->is_done()) {
      auto [body_failure, body_bytes] = co_await http::async_read(stream, buffer, *parser, as_result);
      if (body_failure) co_return translated(body_failure, true);
    }
    co_return parser;
  }
  co_return error(errc::limit_exceeded, "too many interim answers");
}

template <class Stream>
awaitable<fetch_connection::outcome> converse(Stream& stream, const http::request<http::string_body>& request,
                                              read_limits limits) {
  fetch_connection::outcome out;
  auto [write_failure, written] = co_await http::async_write(stream, request, as_result);
  if (write_failure == beast::error::timeout || write_failure == asio::error::operation_aborted) {
    out.response = translated(write_failure, false).at("write");
    co_return out;
  }
  // A server may refuse a body with an answer and close: the answer says more than the broken pipe.
  beast::flat_buffer buffer;
  auto answer = co_await read_answer(stream, buffer, limits, out.answer_began);
  if (!answer) {
    out.response = write_failure ? translated(write_failure, false).at("write") : answer.error().at("read");
    co_return out;
  }
  out.reusable = !write_failure && (*answer)->keep_alive() && buffer.size() == 0;
  out.response = converted((*answer)->release());
  co_return out;
}

}  // namespace

struct fetch_trust::context {
  ssl::context tls{ssl::context::tls_client};
  std::string server_name;  ///< empty: that of the URL
  bool send_name = true;
};

struct fetch_connection::state {
  state(tcp_socket socket, std::shared_ptr<fetch_trust::context> trust, fetch_target where)
      : trusted(std::move(trust)), stream(std::move(socket), trusted->tls), target(std::move(where)) {}

  std::shared_ptr<fetch_trust::context> trusted;
  tls_stream stream;  ///< for http only its lowest layer is used
  fetch_target target;
};

result<fetch_trust> fetch_trust::load(const fetch_client_options& options) {
  fetch_trust trust;
  trust.context_ = std::make_shared<context>();
  trust.context_->server_name = options.tls.server_name;
  trust.context_->send_name = options.tls.send_name;
  SSL_CTX* handle = trust.context_->tls.native_handle();
  SSL_CTX_set_min_proto_version(handle, options.tls.tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(handle, options.tls.tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_verify(handle, options.tls.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (options.tls.own && !show(handle, *options.tls.own)) {
    ERR_clear_error();
    return error(errc::invalid_argument, "the client certificate cannot be used");
  }
  if (options.tls.trusted) {
    SSL_CTX_set1_cert_store(handle, options.tls.trusted->store());
    return trust;
  }
  if (options.system_cas) SSL_CTX_set_default_verify_paths(handle);
  for (const std::string& file : options.ca_files) {
    std::ifstream probe(file);
    if (!probe || probe.peek() == std::ifstream::traits_type::eof())
      return error(errc::io, "CA file " + file + " cannot be read or is empty");
    if (SSL_CTX_load_verify_locations(handle, file.c_str(), nullptr) != 1) {
      ERR_clear_error();
      return error(errc::invalid_argument, "CA file " + file + " holds no PEM certificate");
    }
  }
  return trust;
}

fetch_connection::fetch_connection(std::unique_ptr<state> value) : state_(std::move(value)) {}
fetch_connection::~fetch_connection() = default;

awaitable<result<std::unique_ptr<fetch_connection>>> fetch_connection::open(fetch_trust trust,
                                                                            fetch_target target,
                                                                            deadline until) {
  auto addresses = co_await resolve(target.host, target.port, until);
  if (!addresses) co_return addresses.error().at("resolve");
  auto socket = co_await connect_first(std::move(*addresses), until);
  if (!socket) co_return socket.error().at("connect");
  error_code ignored;
  socket->set_option(asio::ip::tcp::no_delay(true), ignored);
  auto opened = std::make_unique<state>(std::move(*socket), trust.context_, std::move(target));
  if (opened->target.tls) {
    SSL* session = opened->stream.native_handle();
    const fetch_trust::context& rules = *opened->trusted;
    const std::string& name = rules.server_name.empty() ? opened->target.host : rules.server_name;
    if (!expect_peer(session, name, rules.send_name))
      co_return error(errc::invalid_argument, "TLS handshake: unusable host name");
    opened->stream.next_layer().expires_at(until);
    auto [ec] = co_await opened->stream.async_handshake(tls_stream::client, as_result);
    if (ec) co_return handshake_failure(session, ec).at("TLS handshake");
  }
  co_return std::unique_ptr<fetch_connection>(new fetch_connection(std::move(opened)));
}

awaitable<fetch_connection::outcome> fetch_connection::exchange(const fetch_request& request,
                                                                const fetch_target& target,
                                                                std::size_t head_bytes_max, deadline until) {
  const read_limits limits{head_bytes_max, request.body_bytes_max, request.method == "HEAD"};
  const auto outgoing = message(request, target);
  tcp_stream& lowest = state_->stream.next_layer();
  lowest.expires_at(until);
  outcome out;
  if (target.tls)
    out = co_await converse(state_->stream, outgoing, limits);
  else
    out = co_await converse(lowest, outgoing, limits);
  lowest.expires_never();
  co_return out;
}

bool fetch_connection::reaches(const fetch_target& target) const noexcept {
  const fetch_target& own = state_->target;
  return own.tls == target.tls && own.host == target.host && own.port == target.port;
}

bool fetch_connection::is_quiet() const noexcept {
  char byte = 0;
  const int descriptor = state_->stream.next_layer().socket().native_handle();
  const auto read = ::recv(descriptor, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return read < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace cardea::base
