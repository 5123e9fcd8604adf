#include "api/session.hpp"

#include "api/endpoints.hpp"
#include "api/renew_socket.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <optional>

namespace cardea::api {
namespace {

namespace asio = base::asio;
namespace beast = boost::beast;
namespace http = beast::http;

using tcp_stream = beast::basic_stream<asio::ip::tcp, base::executor>;
using request_type = http::request<http::string_body>;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

// A field that comes twice is as good as one that matches nothing.
std::optional<std::string_view> single(const http::fields& fields, std::string_view name) {
  const auto [begin, end] = fields.equal_range(beast::string_view(name.data(), name.size()));
  if (begin == end) return std::nullopt;
  if (std::next(begin) != end) return std::string_view{};
  return view(begin->value());
}

request_source source_of(const http::fields& fields) {
  return {single(fields, "Host"), single(fields, "Origin"), single(fields, "Sec-Fetch-Mode"),
          single(fields, "Sec-Fetch-Site")};
}

// Beast 1.81 lets some ambiguous framings pass (security S03, S04, S09).
bool has_sound_framing(const request_type& request) {
  if (request.count(http::field::content_length) > 1) return false;
  if (request.count(http::field::transfer_encoding) == 0) return true;
  const auto coding = single(request, "Transfer-Encoding");
  return request.version() == 11 && request.count(http::field::content_length) == 0 &&
         base::equal_ignoring_case(*coding, "chunked");
}

// What to say to a client whose request could not be read; nothing when it has gone or was too slow.
std::optional<answer> complaint(base::error_code ec) {
  if (ec == http::error::header_limit || ec == http::error::buffer_overflow)
    return failure(431, "the request's head is too long");
  if (ec == http::error::body_limit) return failure(413, "the request's body is too long");
  if (ec == http::error::end_of_stream || ec == http::error::partial_message) return std::nullopt;
  if (ec.category() == http::make_error_code(http::error::bad_version).category())
    return failure(400, "malformed request");
  return std::nullopt;
}

std::string local_address(const tcp_stream& stream) {
  base::error_code ec;
  const auto address = stream.socket().local_endpoint(ec).address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

decision judge(const request_type& request, const tcp_stream& stream, const session_context& shared) {
  if (!has_sound_framing(request)) return {nullptr, failure(400, "ambiguous body length")};
  if (const auto no = shared.rules.refuse(source_of(request), local_address(stream)))
    return {nullptr, failure(no->status, no->message)};
  const bool websocket = beast::websocket::is_upgrade(request);
  return decide({view(request.method_string()), view(request.target()), websocket}, shared.from);
}

http::response<http::string_body> message(const answer& from, bool keep_alive) {
  http::response<http::string_body> out;
  out.version(11);
  out.result(from.status);
  out.set(http::field::content_type,
          from.text ? "text/plain; version=0.0.4; charset=utf-8" : "application/json");
  out.set(http::field::cache_control, "no-store");
  out.set("X-Content-Type-Options", "nosniff");
  if (!keep_alive) out.keep_alive(false);
  for (const answer::field& field : from.fields) {
    if (field.name == "Connection" && !keep_alive) continue;
    out.set(field.name, field.value);
  }
  out.body() = from.text ? *from.text : boost::json::serialize(from.body) + '\n';
  out.prepare_payload();
  return out;
}

base::awaitable<base::error_code> send(tcp_stream& stream, const answer& from, bool keep_alive,
                                       bool is_head) {
  const auto whole = message(from, keep_alive);
  const http::response<http::empty_body> head(whole.base());
  base::error_code failed;
  if (is_head) {
    auto [ec, size] = co_await http::async_write(stream, head, base::as_result);
    failed = ec;
  } else {
    auto [ec, size] = co_await http::async_write(stream, whole, base::as_result);
    failed = ec;
  }
  co_return failed;
}

// Closing with unread input would reset the connection and take the last answer with it.
base::awaitable<void> linger(tcp_stream& stream, std::chrono::milliseconds patience) {
  constexpr int reads_max = 64;
  base::error_code ec;
  stream.socket().shutdown(asio::socket_base::shutdown_send, ec);
  if (ec) co_return;
  stream.expires_after(patience);
  std::array<char, 4096> unread{};
  for (int i = 0; i < reads_max; ++i) {
    const auto space = asio::buffer(unread);
    auto [ended, size] = co_await stream.async_read_some(space, base::as_result);
    if (ended) co_return;
  }
}

base::awaitable<bool> has_more(tcp_stream& stream, beast::flat_buffer& buffer,
                               std::chrono::milliseconds idle) {
  if (buffer.size() > 0) co_return true;
  stream.expires_after(idle);
  const auto space = buffer.prepare(4096);
  auto [ec, size] = co_await stream.async_read_some(space, base::as_result);
  buffer.commit(size);
  co_return !ec;
}

enum class after { next_request, last_answer, gone };

base::awaitable<after> serve_one(tcp_stream& stream, beast::flat_buffer& buffer, session_context& shared) {
  stream.expires_after(shared.maximums.request_timeout);
  http::request_parser<http::string_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(shared.maximums.head_bytes_max));
  parser.body_limit(shared.maximums.body_bytes_max);
  auto [ec, size] = co_await http::async_read(stream, buffer, parser, base::as_result);
  if (ec) {
    const auto said = complaint(ec);
    if (!said) co_return after::gone;
    const auto failed = co_await send(stream, *said, false, false);
    co_return failed ? after::gone : after::last_answer;
  }
  request_type request = parser.release();
  const decision what = judge(request, stream, shared);
  if (what.upgrade != nullptr && buffer.size() == 0) {
    stream.expires_never();
    auto socket = stream.release_socket();
    co_await serve_renewal(std::move(socket), std::move(request), shared);
    co_return after::gone;
  }
  // Bytes before the upgrade is answered: the client does not follow RFC 6455 section 4.1.
  const answer said = what.upgrade != nullptr ? failure(400, "data before the upgrade") : what.otherwise;
  shared.log.debug("request answered", {{"method", view(request.method_string())},
                                        {"target", view(request.target())},
                                        {"status", said.status}});
  const bool sound = said.status != 400 && said.status != 403;
  const bool on = sound && request.keep_alive() && !shared.stopping;
  const auto failed = co_await send(stream, said, on, request.method() == http::verb::head);
  if (failed) co_return after::gone;
  co_return on ? after::next_request : after::last_answer;
}

struct counted {
  explicit counted(std::size_t& value) : value_(value) { ++value_; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { --value_; }

 private:
  std::size_t& value_;
};

}  // namespace

base::awaitable<void> serve(base::tcp_socket socket, session_context& shared) {
  const counted here(shared.open_count);
  tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer;
  auto then = after::next_request;
  while (then == after::next_request && !shared.stopping) {
    const bool more = co_await has_more(stream, buffer, shared.maximums.idle_timeout);
    if (!more) co_return;
    then = co_await serve_one(stream, buffer, shared);
  }
  if (then == after::last_answer) co_await linger(stream, shared.maximums.close_timeout);
}

}  // namespace cardea::api
