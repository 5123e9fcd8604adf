#include "proxy/http/error_page.hpp"

#include "proxy/http/error_form.hpp"
#include "proxy/http/grpc.hpp"

namespace cardea::proxy::http {
namespace {

constexpr base::tick_ms write_timeout = 60'000;

// A limit of ours or the backends' absence passes soon, or not at all.
constexpr std::string_view retry_after = "Retry-After: 2\r\n";

// What a visitor may know, where the status alone leaves him wondering whether it is his fault.
std::string_view sentence_for(failure_kind kind) noexcept {
  switch (kind) {
    case failure_kind::no_backend: return "None of the servers behind this site is available at the moment.";
    case failure_kind::overloaded: return "This site has more visitors than it can serve at the moment.";
    default: return {};
  }
}

// Sends a body that fits memory; false when the client stopped taking it.
net::task<bool> send_all(exchange& to, std::string_view body) {
  while (!body.empty()) {
    body.remove_prefix(to.write_body(body));
    if (body.empty()) break;
    const net::io state = to.flush();
    if (state == net::io::failed) co_return false;
    if (state == net::io::done) continue;
    if (co_await to.waiter().wait(to.waiter().loop().now() + write_timeout) != net::wake::ready) co_return false;
  }
  to.end_body({});
  while (true) {
    const net::io state = to.flush();
    if (state != net::io::blocked) co_return state == net::io::done;
    if (co_await to.waiter().wait(to.waiter().loop().now() + write_timeout) != net::wake::ready) co_return false;
  }
}

constexpr std::string_view problem_type = "application/problem+json";
constexpr std::string_view text_type = "text/plain; charset=utf-8";

// Sentences are ours: nothing in them needs an escape.
std::string problem_of(std::uint16_t status, std::string_view sentence) {
  std::string out = "{\"type\":\"about:blank\",\"title\":\"";
  out += reason_phrase(status);
  out += "\",\"status\":" + std::to_string(status);
  if (!sentence.empty()) out.append(",\"detail\":\"").append(sentence).append("\"");
  return out + "}\n";
}

std::string text_of(std::uint16_t status, std::string_view sentence) {
  std::string out = std::to_string(status) + " ";
  out += reason_phrase(status);
  if (!sentence.empty()) out.append(": ").append(sentence);
  return out + "\n";
}

}  // namespace

std::string error_page(std::uint16_t status, std::string_view sentence) {
  const std::string title = std::to_string(status) + " " + std::string(reason_phrase(status));
  return "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + title +
         "</title><style>body{font:1.1rem system-ui,sans-serif;display:grid;place-items:center;min-height:90vh;"
         "color:#333}h1{font-weight:500}</style></head><body><div><h1>" +
         title + "</h1>" + (sentence.empty() ? "" : "<p>" + std::string(sentence) + "</p>") +
         "</div></body></html>\n";
}

net::task<void> respond(exchange& to, std::uint16_t status, std::string_view content_type, std::string_view body,
                        std::string_view extra_fields) {
  if (to.head().framing != body_framing::none) to.close_after();
  const std::string fields =
      "Content-Type: " + std::string(content_type) + "\r\n" + std::string(extra_fields);
  response_start start;
  start.status = status;
  start.reason = reason_phrase(status);
  start.extra_fields = fields;
  start.framing = to.head().is_head ? body_framing::none : body_framing::length;
  start.content_length = body.size();
  start.announce_length = true;
  if (!to.send_head(start)) {
    to.abort();
    co_return;
  }
  const std::string_view sent_body = to.head().is_head ? std::string_view{} : body;
  const bool sent = co_await send_all(to, sent_body);
  if (!sent) to.abort();
}

net::task<void> respond_error(exchange& to, std::uint16_t status, std::string_view sentence,
                              std::string_view extra_fields) {
  const error_form form = choose_error_form(to.head(), to.bytes());
  // Another client may like another form.
  const std::string fields = "Vary: Accept\r\n" + std::string(extra_fields);
  std::string body;
  std::string_view type = text_type;
  if (form == error_form::page) {
    type = error_page_type;
    body = error_page(status, sentence);
  } else if (form == error_form::problem) {
    type = problem_type;
    body = problem_of(status, sentence);
  } else {
    body = text_of(status, sentence);
  }
  co_await respond(to, status, type, body, fields);
}

net::task<void> respond(exchange& to, failure cause) {
  if (to.head_sent() || cause.kind == failure_kind::client_gone) {
    to.abort();
    co_return;
  }
  if (is_grpc(to)) {
    const std::string status_fields = grpc_fields_of(cause);
    if (cause.blame == side::client) to.close_after();
    co_await respond(to, 200, "application/grpc", {}, status_fields);
    co_return;
  }
  const std::uint16_t status = status_of(cause);
  std::string_view extra = status == 405 ? "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n" : "";
  if (status == 503) extra = retry_after;
  // After a failure the rest of the exchange is in doubt.
  if (cause.blame == side::client) to.close_after();
  co_await respond_error(to, status, sentence_for(cause.kind), extra);
}

}  // namespace cardea::proxy::http
