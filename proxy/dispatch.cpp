#include "proxy/dispatch.hpp"

#include "base/text.hpp"
#include "proxy/error_pages/replacing_exchange.hpp"
#include "proxy/files/file_server.hpp"
#include "proxy/http/authority.hpp"
#include "proxy/http/error_page.hpp"
#include "proxy/http/media_type.hpp"

namespace cardea::proxy {
namespace {

using http::failure;
using http::failure_kind;
using http::side;

bool names_differ(const http::exchange& request) noexcept {
  const std::string& named = request.client().server_name;
  return !named.empty() && !base::equal_ignoring_case(named, http::host_of(request.head().host.in(request.bytes())));
}

void note_route(const http::exchange& request, const std::shared_ptr<const worker_view>& view,
                const routing::route& route) noexcept {
  http::exchange_notes* const notes = request.notes();
  if (notes == nullptr) return;
  notes->kept = view;
  notes->route = route.name;
  notes->log = route.access_log.get();
}

http::body_limits body_limits_of(const routing::route& route, http::body_limits out) noexcept {
  if (route.request_body_bytes_max) out.bytes_max = *route.request_body_bytes_max;
  if (route.request_body_rate_min) out.rate_min = *route.request_body_rate_min;
  return out;
}

// What pages refer to is there on every host, and for everybody.
net::task<void> send_asset(http::exchange& request, error_pages::asset what) {
  const std::string_view method = request.head().method.in(request.bytes());
  if (method != "GET" && method != "HEAD") {
    co_await http::respond_error(request, 405, {}, "Allow: GET, HEAD\r\n");
  } else if (what.content == nullptr) {
    const failure missing{failure_kind::not_found, side::internal, 0, "no such file of error pages"};
    co_await http::respond(request, missing);
  } else {
    const std::string_view type = http::media_type_of(http::extension_of(what.name));
    co_await http::respond(request, 200, type, *what.content, "Cache-Control: no-cache\r\n");
  }
}

}  // namespace

net::task<void> dispatch::handle(http::exchange& request) {
  return view_->hosts.error_pages == nullptr ? find_answer(request) : answer_with_pages(request);
}

net::task<void> dispatch::answer_with_pages(http::exchange& request) {
  const std::shared_ptr<const worker_view> view = view_;
  const config::error_page_files& pages = *view->hosts.error_pages;
  const std::string_view path = request.head().path.in(request.bytes());
  if (const auto asset = error_pages::find_asset(pages, path.substr(0, path.find('?')))) {
    add(counters_.requests_total, 1);
    co_await send_asset(request, *asset);
    co_return;
  }
  const std::size_t index = view->routes->find(request.head().host.in(request.bytes()));
  const bool of_route =
      index != routing::route_table::none && view->routes->routes()[index].error_pages_of_backends;
  error_pages::replacing_exchange paged(request, pages, of_route || view->hosts.error_pages_of_backends);
  co_await find_answer(paged);
}

net::task<void> dispatch::find_answer(http::exchange& request) {
  add(counters_.requests_total, 1);
  const std::shared_ptr<const worker_view> view = view_;
  const http::request_head& head = request.head();
  if (settings_.overload.refuses_requests({.buffer_bytes = settings_.buffers.bytes_in_use()})) {
    add(counters_.requests_shed, 1);
    request.close_after();
    const failure shed{failure_kind::overloaded, side::internal, 0, "out of memory for requests"};
    co_await http::respond(request, shed);
    co_return;
  }
  if (head.is_connect) {
    const failure refused{failure_kind::method_not_allowed, side::client, 0, "CONNECT"};
    co_await http::respond(request, refused);
    co_return;
  }
  if (view->hosts.strict && names_differ(request)) {
    const failure refused{failure_kind::misdirected, side::client, 0, "Host is not the TLS server name"};
    co_await http::respond(request, refused);
    co_return;
  }
  const std::size_t index = view->routes->find(head.host.in(request.bytes()));
  // Whoever was let in under one policy is not let in under another (V02, V03). After a change
  // of the policy that holds for connections from before it, too (V05).
  if (request.client().secure && request.client().policy != tls::id_of(view->policy_of(index))) {
    const failure refused{failure_kind::misdirected, side::client, 0, "Host has another policy for clients"};
    co_await http::respond(request, refused);
    co_return;
  }
  if (index == routing::route_table::none) {
    const failure unknown{failure_kind::no_route, side::internal, 0, "no route for the host"};
    co_await http::respond(request, unknown);
    co_return;
  }
  if (view->hosts.middlewares != nullptr || view->routes->routes()[index].has_steps())
    co_await answer_by_steps(request, view, index);
  else
    co_await answer(request, view, index);
}

net::task<void> dispatch::answer_by_steps(http::exchange& request, std::shared_ptr<const worker_view> view,
                                          std::size_t index) {
  edited_exchanges::loan lent(edits_, request);
  middleware::edited_exchange& edited = *lent;
  note_route(request, view, view->routes->routes()[index]);
  const way_out way = find_way(edited, *view->routes, index, view->hosts.middlewares.get());
  if (way.status == 0) {
    co_await answer(edited, view, way.route);
  } else if (!way.reason.empty()) {
    const failure refused{failure_kind::refused_request, side::client, way.status, way.reason};
    co_await http::respond(edited, refused);
  } else if (!way.text.empty()) {
    co_await http::respond(edited, way.status, "text/plain; charset=utf-8", way.text, way.fields);
  } else {
    co_await http::respond_error(edited, way.status, {}, way.fields);
  }
}

net::task<void> dispatch::answer(http::exchange& request, std::shared_ptr<const worker_view> view, std::size_t index) {
  const http::request_head& head = request.head();
  const routing::route& route = view->routes->routes()[index];
  note_route(request, view, route);
  const http::body_limits body = body_limits_of(route, settings_.request_body);
  if (head.framing == http::body_framing::length && head.content_length > body.bytes_max) {
    const failure refused{failure_kind::refused_request, side::client, 413, "the request body is too large"};
    co_await http::respond(request, refused);
    co_return;
  }
  if (route.kind == routing::route::kind::nothing) {
    const failure unknown{failure_kind::no_route, side::internal, 0, "no rule for the path"};
    co_await http::respond(request, unknown);
    co_return;
  }
  const routing::route_timeouts& own = route.timeouts;
  const base::tick_ms progress = own.body_progress.count() > 0 ? own.body_progress.count() : settings_.body_progress_timeout;
  if (route.kind == routing::route::kind::files) {
    const files::transfer_settings how{settings_.buffers, progress};
    co_await files::serve(request, route.files, how);
    co_return;
  }
  const base::tick_ms tunnel = own.tunnel_idle.count() > 0 ? own.tunnel_idle.count() : settings_.tunnel_idle_timeout;
  const forward_settings how{settings_.buffers, settings_.backend, route.response_header_timeout.count(),
                             progress,          tunnel,            own.total.count(), body};
  co_await forward(request, *view->groups[index], how);
}

net::task<void> https_redirect::handle(http::exchange& request) {
  const http::request_head& head = request.head();
  const std::string_view host = http::host_of(head.host.in(request.bytes()));
  if (host.empty() || head.is_connect) {
    const failure refused{failure_kind::refused_request, side::client, 400, "nothing to redirect to"};
    co_await http::respond(request, refused);
    co_return;
  }
  std::string target("https://");
  target += host;
  if (https_port_ != 443) target += ":" + std::to_string(https_port_);
  const std::string_view path = head.path.in(request.bytes());
  if (path.empty() || path.front() != '/') target += '/';
  if (path != "*") target += path;
  const std::string fields = "Location: " + target + "\r\n";
  co_await http::respond(request, 308, "text/plain; charset=utf-8", "This site is served over https.\n", fields);
}

}  // namespace cardea::proxy
