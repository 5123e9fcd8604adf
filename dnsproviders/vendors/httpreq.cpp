#include "dnsproviders/vendors/httpreq.hpp"

#include "dnsproviders/slot_provider.hpp"
#include "dnsproviders/vendor_call.hpp"
#include "dnsproviders/vendor_json.hpp"

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
constexpr provider_metadata metadata{"httpreq",
                                     {},
                                     "your own HTTP service",
                                     "https://go-acme.github.io/lego/dns/httpreq/",
                                     options_of,
                                     "HTTPREQ_",
                                     {{}, 120, 1, {}, std::chrono::seconds(30), "endpoint"}};

const std::string& endpoint_of(const option_values& options) {
  return options["api_url"].empty() ? options["endpoint"] : options["api_url"];
}

class httpreq final : public slot_vendor {
 public:
  explicit httpreq(const option_values& options)
      : endpoint_(join_url(endpoint_of(options), "")), is_raw_(options["mode"] == "RAW") {
    if (!options["username"].empty() && !options["password"].empty())
      credentials_ = base::secret(basic(options["username"], options["password"]));
  }

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Accept", "application/json"});
    if (!credentials_.empty()) to.headers.push_back({"Authorization", credentials_.reveal()});
  }
  // Its paths come before the endpoint's query, where there is one.
  std::vector<std::string> other_services() const override {
    return {endpoint_.substr(0, endpoint_.find('?'))};
  }
  // The service knows zones and says nothing of what is absent: any 2xx, or its words.
  outcome judge(const answer& from) const override {
    return from.status() / 100 == 2 ? outcome::done : outcome::refused;
  }
  // It may repeat what it was sent.
  std::string words(const answer& from) const override {
    std::string out = from.body();
    const std::string& sent = credentials_.reveal();
    for (auto at = out.find(sent); !sent.empty() && at != std::string::npos; at = out.find(sent, at))
      out.replace(at, sent.size(), "Basic ***");
    return out;
  }

  // It keeps the values of a name apart by themselves.
  bool replaces() const override { return false; }
  base::result<request> set(const txt_value& txt) const override { return tell("/present", txt); }
  base::result<request> clear(const txt_value& txt) const override { return tell("/cleanup", txt); }

 private:
  request tell(std::string_view path, const txt_value& txt) const {
    const challenge_record& record = txt.record;
    if (is_raw_)
      return send_json(
          "POST", join_url(endpoint_, path),
          {{"domain", record.domain}, {"token", record.token}, {"keyAuth", record.key_authorization}});
    return send_json("POST", join_url(endpoint_, path),
                     {{"fqdn", record.fqdn + "."}, {"value", record.value}});
  }

  std::string endpoint_;
  bool is_raw_;
  base::secret credentials_;
};

}  // namespace

const provider_metadata& httpreq_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_httpreq(const option_values& options, services with) {
  const std::string& endpoint = endpoint_of(options);
  if (!endpoint.starts_with("http://") && !endpoint.starts_with("https://"))
    return options.wrong("endpoint", "is missing or not an http or https URL");
  const std::string_view behind_scheme = std::string_view(endpoint).substr(endpoint.find("//") + 2);
  if (behind_scheme.substr(0, behind_scheme.find_first_of("/?#")).find('@') != std::string_view::npos)
    return options.wrong("endpoint", "holds credentials: give them as username and password");
  if (const std::string& mode = options["mode"]; !mode.empty() && mode != "RAW" && mode != "default")
    return options.wrong("mode", "is RAW (in capitals) or default");
  return make_slot_provider(metadata, options, std::move(with), std::make_unique<httpreq>(options));
}

}  // namespace cardea::dnsproviders
