#include "proxy/health/probe.hpp"

#include "base/dial.hpp"
#include "base/fetch_client.hpp"

#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace cardea::proxy::health {
namespace {

// A check that reads a page must not be a way to fill memory.
constexpr std::size_t body_bytes_max = 8U << 20U;
constexpr int status_bad_from = 500;

/// A client for each set of TLS options: to make one may mean to read all the system's CAs.
class clients {
 public:
  explicit clients(base::fetch_client_options common, base::fetch ordinary)
      : common_(std::move(common)), ordinary_(std::move(ordinary)) {}

  base::result<base::fetch> find(const target& at) {
    if (!at.tls || at.tls_options == config::backend_tls_section{}) return ordinary_;
    special& one = special_[at.key()];
    if (one.made && one.options == at.tls_options) return *one.made;
    base::fetch_client_options options = common_;
    const config::backend_tls_section& from = at.tls_options;
    options.tls = {!from.no_verify, from.server_name, from.send_name, from.tls12, from.tls13,
                   from.trusted,    from.certificate};
    options.system_cas = !from.no_verify;
    auto made = base::make_fetch(options);
    if (!made) return made.error();
    one = {from, std::move(*made)};
    return *one.made;
  }

 private:
  struct special {
    config::backend_tls_section options;
    std::optional<base::fetch> made;
  };
  base::fetch_client_options common_;
  base::fetch ordinary_;
  std::map<std::string, special> special_;  ///< by the target's key
};

base::awaitable<finding> probe_http(std::shared_ptr<clients> with, target at) {
  base::fetch_request request;
  request.method = at.plan.use_get ? "GET" : "HEAD";
  request.url = (at.tls ? "https://" : "http://") + at.name() + at.plan.path;
  request.headers.push_back({"Cache-Control", "no-cache"});
  request.headers.push_back({"Pragma", "no-cache"});
  request.timeout = at.plan.timeout;
  request.body_bytes_max = body_bytes_max;
  const auto client = with->find(at);
  if (!client) co_return finding{false, client.error().message()};
  const auto answer = co_await (*client)(std::move(request));
  if (!answer) co_return finding{false, answer.error().message()};
  if (answer->status >= status_bad_from) co_return finding{false, "status " + std::to_string(answer->status)};
  co_return finding{true, {}};
}

base::awaitable<finding> probe_tcp(target at) {
  const base::deadline until = std::chrono::steady_clock::now() + at.plan.timeout;
  std::string host = at.host;
  std::string port = std::to_string(at.port);
  auto addresses = co_await base::resolve(std::move(host), std::move(port), until);
  if (!addresses) co_return finding{false, addresses.error().at("resolve").message()};
  const auto socket = co_await base::connect_first(std::move(*addresses), until);
  if (!socket) co_return finding{false, socket.error().at("connect").message()};
  co_return finding{true, {}};
}

base::awaitable<finding> probe(std::shared_ptr<clients> with, target at) {
  return at.plan.type == config::check_kind::tcp ? probe_tcp(std::move(at)) : probe_http(std::move(with), std::move(at));
}

}  // namespace

base::result<prober> make_prober(const std::string& user_agent) {
  base::fetch_client_options options;
  options.user_agent = user_agent;
  // Each check proves that the backend accepts, too.
  options.idle_connections_max = 0;
  auto ordinary = base::make_fetch(options);
  if (!ordinary) return ordinary.error();
  auto with = std::make_shared<clients>(options, std::move(*ordinary));
  return prober([with = std::move(with)](target at) { return probe(with, std::move(at)); });
}

}  // namespace cardea::proxy::health
