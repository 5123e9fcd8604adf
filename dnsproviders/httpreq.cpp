#include "dnsproviders/httpreq.hpp"

#include "base/text.hpp"
#include "dnsproviders/timing.hpp"
#include "dnsproviders/vendor_call.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 4> options_of{{
    {"endpoint", "HTTPREQ_ENDPOINT", false, false, {}, "the service's address (or api_url)"},
    {"mode",
     "HTTPREQ_MODE",
     false,
     false,
     {},
     "RAW sends domain, token and keyAuth instead of fqdn and value"},
    {"username", "HTTPREQ_USERNAME", false, false, {}, "for HTTP Basic"},
    {"password", "HTTPREQ_PASSWORD", false, true, {}, "for HTTP Basic"},
}};
constexpr provider_metadata metadata{
    "httpreq",  {},        "your own HTTP service", "https://go-acme.github.io/lego/dns/httpreq/",
    options_of, "HTTPREQ_"};

struct settings {
  std::string endpoint;
  bool raw = false;
  std::string username;
  base::secret password;
  std::chrono::milliseconds timeout{30'000};
  propagation_timing propagation;
};

class httpreq final : public provider {
 public:
  httpreq(settings values, services with) : settings_(std::move(values)), with_(std::move(with)) {}

  base::awaitable<base::result<void>> present(challenge_record record) override {
    return tell("/present", std::move(record));
  }
  base::awaitable<base::result<void>> clean_up(challenge_record record) override {
    return tell("/cleanup", std::move(record));
  }
  propagation_timing timing() const noexcept override { return settings_.propagation; }

 private:
  base::awaitable<base::result<void>> tell(std::string path, challenge_record record) {
    base::fetch_request request;
    request.method = "POST";
    request.url = join_url(settings_.endpoint, path);
    request.timeout = settings_.timeout;
    request.headers.push_back({"Accept", "application/json"});
    request.headers.push_back({"Content-Type", "application/json"});
    if (!settings_.username.empty() && !settings_.password.empty())
      request.headers.push_back({"Authorization", "Basic " + credentials()});
    request.body = boost::json::serialize(
        settings_.raw ? boost::json::object{{"domain", record.domain},
                                            {"token", record.token},
                                            {"keyAuth", record.key_authorization}}
                      : boost::json::object{{"fqdn", record.fqdn + "."}, {"value", record.value}});
    const auto answer = co_await vendor_call(with_, std::move(request));
    if (!answer) co_return answer.error().at("httpreq");
    if (answer->status < 200 || answer->status >= 300) {
      const std::vector<std::string> secrets{settings_.password.reveal(), credentials()};
      co_return vendor_error("httpreq", *answer, answer->body, secrets);
    }
    co_return base::result<void>();
  }

  std::string credentials() const {
    return base::base64(settings_.username + ":" + settings_.password.reveal());
  }

  settings settings_;
  services with_;
};

}  // namespace

const provider_metadata& httpreq_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_httpreq(const option_values& options, services with) {
  settings out;
  out.endpoint = options["api_url"].empty() ? options["endpoint"] : options["api_url"];
  if (!out.endpoint.starts_with("http://") && !out.endpoint.starts_with("https://"))
    return options.wrong("endpoint", "is missing or not an http or https URL");
  const std::string_view behind_scheme = std::string_view(out.endpoint).substr(out.endpoint.find("//") + 2);
  if (behind_scheme.substr(0, behind_scheme.find_first_of("/?#")).find('@') != std::string_view::npos)
    return options.wrong("endpoint", "holds credentials: give them as username and password");
  out.raw = options["mode"] == "RAW";
  out.username = options["username"];
  out.password = base::secret(options["password"]);
  if (!options["http_timeout"].empty()) {
    const auto timeout = options.timeout("http_timeout");
    if (!timeout) return timeout.error();
    out.timeout = *timeout;
  }
  const auto propagation = read_timing(options, {});
  if (!propagation) return propagation.error();
  out.propagation = *propagation;
  return std::unique_ptr<provider>(std::make_unique<httpreq>(std::move(out), std::move(with)));
}

}  // namespace cardea::dnsproviders
