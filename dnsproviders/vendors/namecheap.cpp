#include "dnsproviders/vendors/namecheap.hpp"

#include "base/text.hpp"
#include "dnsproviders/rrset_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <pugixml.hpp>

#include <algorithm>
#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::string_view sandbox_url = "https://api.sandbox.namecheap.com/xml.response";
// Tells the address that a request comes from.
constexpr std::string_view address_service = "https://dynamicdns.park-your-domain.com";

constexpr std::array<option_spec, 5> options_of{{
    {"api_user", "NAMECHEAP_API_USER", true, false, {}, "the account's user name"},
    {"api_key", "NAMECHEAP_API_KEY", true, true, {}, "the account's API key"},
    {"client_ip",
     {},
     false,
     false,
     {},
     "the IPv4 address on the account's allow-list; asked from Namecheap when not given"},
    {"base_url", {}, false, false, {}, "another API address, when api_url is not given"},
    {"sandbox", "NAMECHEAP_SANDBOX", false, false, {}, "true: the vendor's test system"},
}};
constexpr provider_metadata metadata{"namecheap",
                                     {},
                                     "Namecheap",
                                     "https://www.namecheap.com/support/api/methods/",
                                     options_of,
                                     "NAMECHEAP_",
                                     {"https://api.namecheap.com/xml.response",
                                      120,
                                      60,
                                      {std::chrono::seconds(3600), std::chrono::seconds(15)},
                                      std::chrono::seconds(60)}};

bool is_address(std::string_view text) {
  return !text.empty() && text.size() <= 15 &&
         text.find_first_not_of("0123456789.") == std::string_view::npos &&
         std::count(text.begin(), text.end(), '.') == 3;
}

/// An answer's document.
class api_response {
 public:
  explicit api_response(const std::string& text) { document_.load_string(text.c_str()); }

  [[nodiscard]] bool is_ok() const { return std::string_view(root().attribute("Status").value()) == "OK"; }
  [[nodiscard]] pugi::xml_node result(const char* name) const {
    return root().child("CommandResponse").child(name);
  }
  [[nodiscard]] std::string errors() const {
    std::string out;
    for (const pugi::xml_node& each : root().child("Errors").children("Error"))
      out +=
          std::string(out.empty() ? "" : "; ") + each.attribute("Number").value() + " " + each.text().get();
    return out;
  }

 private:
  [[nodiscard]] pugi::xml_node root() const { return document_.child("ApiResponse"); }

  pugi::xml_document document_;
};

bool is_host(const pugi::xml_node& node) { return base::equal_ignoring_case(node.name(), "host"); }

class namecheap final : public rrset_vendor {
 public:
  explicit namecheap(const option_values& options)
      : user_(options["api_user"]), key_(options["api_key"]), address_(options["client_ip"]) {}

  // The vendor wants our own address with each command, and tells it.
  std::optional<request> login(base::wall_time) override {
    if (!address_.empty()) return std::nullopt;
    return get(std::string(address_service) + "/getip");
  }
  base::result<void> take_login(const answer& from, base::wall_time) override {
    const std::string_view address = base::trim(from.body());
    if (!is_address(address))
      return base::error(base::errc::protocol, "the vendor does not tell our address; give it as client_ip");
    address_ = address;
    return {};
  }
  std::vector<std::string> other_services() const override { return {std::string(address_service)}; }

  void authorize(request& to, base::wall_time) const override {
    if (to.url.starts_with(address_service)) return;
    const parameters fields{
        {"ApiUser", user_}, {"ApiKey", key_.reveal()}, {"UserName", user_}, {"ClientIp", address_}};
    if (to.method == "GET")
      to.url = with_query(to.url, fields);
    else
      to.body += "&" + send_form("POST", {}, fields).body;
  }

  outcome judge(const answer& from) const override {
    if (from.status() != 200) return outcome::refused;
    if (is_address(base::trim(from.body()))) return outcome::done;
    const api_response said(from.body());
    if (!said.is_ok()) return outcome::refused;
    const pugi::xml_node written = said.result("DomainDNSSetHostsResult");
    return !written || written.attribute("IsSuccess").as_bool() ? outcome::done : outcome::refused;
  }
  std::string words(const answer& from) const override {
    const api_response said(from.body());
    return said.is_ok() ? "the hosts were not set" : said.errors();
  }

  request read(const txt_value& txt) const override { return get(with_query("", command("getHosts", txt))); }
  base::result<rrset> read_set(const answer& from, const txt_value& txt) const override {
    const api_response said(from.body());
    const pugi::xml_node zone = said.result("DomainDNSGetHostsResult");
    // What is not known to be the whole zone must not be written back as that.
    if (!zone) return base::error(base::errc::protocol, "the vendor's answer has no list of hosts");
    if (!zone.attribute("IsUsingOurDNS").as_bool())
      return base::error(base::errc::protocol, txt.zone.name + " does not use the vendor's name servers");
    rrset out;
    for (const pugi::xml_node& each : zone.children())
      if (is_host(each) && is_at(each, txt)) out.values.emplace_back(each.attribute("Address").value());
    out.raw = from.body();
    return out;
  }

  request write(const txt_value& txt, const rrset& old,
                const std::vector<std::string>& values) const override {
    request out = send_form("POST", {}, command("setHosts", txt));
    const api_response before(old.raw);
    const pugi::xml_node zone = before.result("DomainDNSGetHostsResult");
    // Without it the vendor resets how mail is handled.
    if (const std::string_view mail = zone.attribute("EmailType").value(); !mail.empty())
      out.body += "&EmailType=" + base::percent_encode(mail);
    std::vector<std::string> missing = values;
    int number = 0;
    for (const pugi::xml_node& each : zone.children()) {
      if (!is_host(each)) continue;
      const std::string address = each.attribute("Address").value();
      if (is_at(each, txt)) {
        const auto wanted = std::find(missing.begin(), missing.end(), unquoted(address));
        if (wanted == missing.end()) continue;
        missing.erase(wanted);
      }
      append(out.body, ++number,
             {each.attribute("Name").value(), each.attribute("Type").value(), address,
              each.attribute("MXPref").value(), each.attribute("TTL").value()});
    }
    for (const std::string& each : missing)
      append(out.body, ++number, {txt.relative(), "TXT", each, "10", std::to_string(txt.ttl)});
    return out;
  }

 private:
  static parameters command(std::string_view name, const txt_value& txt) {
    const auto dot = txt.zone.name.find('.');
    return {{"Command", "namecheap.domains.dns." + std::string(name)},
            {"SLD", txt.zone.name.substr(0, dot)},
            {"TLD", dot == std::string::npos ? std::string() : txt.zone.name.substr(dot + 1)}};
  }
  static bool is_at(const pugi::xml_node& host, const txt_value& txt) {
    return base::equal_ignoring_case(host.attribute("Type").value(), "TXT") &&
           base::equal_ignoring_case(host.attribute("Name").value(), txt.relative());
  }
  static void append(std::string& body, int number, const std::array<std::string, 5>& host) {
    constexpr std::array<std::string_view, 5> names{"HostName", "RecordType", "Address", "MXPref", "TTL"};
    for (std::size_t i = 0; i < names.size(); ++i)
      body += "&" + std::string(names[i]) + std::to_string(number) + "=" + base::percent_encode(host[i]);
  }

  std::string user_;
  base::secret key_;
  std::string address_;
};

}  // namespace

const provider_metadata& namecheap_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_namecheap(const option_values& options, services with) {
  if (!options["client_ip"].empty() && !is_address(options["client_ip"]))
    return options.wrong("client_ip", "is not an IPv4 address");
  const auto sandbox = options.flag("sandbox");
  if (!sandbox) return sandbox.error();
  provider_metadata of = metadata;
  if (*sandbox) of.defaults.api_url = sandbox_url;
  if (!options["base_url"].empty()) of.defaults.api_url = options["base_url"];
  return make_rrset_provider(of, options, std::move(with), std::make_unique<namecheap>(options));
}

}  // namespace cardea::dnsproviders
