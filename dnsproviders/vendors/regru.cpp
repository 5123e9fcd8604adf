#include "dnsproviders/vendors/regru.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <boost/json/serialize.hpp>

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 4> options_of{{
    {"username", "REGRU_USERNAME", true, false, {}, "the account's name"},
    {"password",
     "REGRU_PASSWORD",
     true,
     true,
     {},
     "the API password; this machine's address must be allowed there"},
    {"tls_cert", "REGRU_TLS_CERT", false, false, {}, "a client certificate (not supported)"},
    {"tls_key", "REGRU_TLS_KEY", false, true, {}, "its key (not supported)"},
}};
constexpr provider_metadata metadata{
    "regru",
    {},
    "REG.RU",
    "https://www.reg.ru/support/help/api2",
    options_of,
    "REGRU_",
    {"https://api.reg.ru/api/regru2", 300, 1, {std::chrono::seconds(600), std::chrono::seconds(10)}}};

class regru final : public record_vendor {
 public:
  explicit regru(const option_values& options) : user_(options["username"]), password_(options["password"]) {}

  // Mostly 200: the domain's own result counts, then the whole one.
  outcome judge(const answer& from) const override {
    const json::value& last = verdict(from);
    if (from.status() == 200 && text_at(last, "result") == "success") return outcome::done;
    const std::string code = text_at(last, "error_code");
    if (code == "RR_ALREADY_EXISTS") return outcome::exists;
    return code == "RR_NOT_FOUND" ? outcome::absent : outcome::refused;
  }
  std::string words(const answer& from) const override {
    const json::value& last = verdict(from);
    const std::string code = text_at(last, "error_code");
    return code.empty() ? vendor::words(from) : code + " " + text_at(last, "error_text");
  }

  bool has_list() const override { return false; }
  request add(const txt_value& txt) const override {
    return call("/zone/add_txt", txt, {{"text", txt.value()}});
  }
  request remove(const txt_value& txt, const std::string&) const override {
    return call("/zone/remove_record", txt, {{"content", txt.value()}, {"record_type", "TXT"}});
  }

 private:
  static const json::value& verdict(const answer& from) {
    const json::array& domains = list_at(from.json(), "answer.domains");
    return domains.empty() || text_at(from.json(), "result") != "success" ? from.json() : domains.front();
  }
  request call(std::string path, const txt_value& txt, json::object input) const {
    json::array domains;
    domains.push_back(json::object{{"dname", txt.zone.name}});
    input["domains"] = std::move(domains);
    input["subdomain"] = txt.relative();
    input["output_content_type"] = "plain";
    return send_form("POST", std::move(path),
                     {{"username", user_},
                      {"password", password_.reveal()},
                      {"input_format", "json"},
                      {"input_data", json::serialize(input)}});
  }

  std::string user_;
  base::secret password_;
};

}  // namespace

const provider_metadata& regru_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_regru(const option_values& options, services with) {
  for (const char* each : {"tls_cert", "tls_key"})
    if (!options[each].empty())
      return options.wrong(
          each, "cannot be used: client certificates are not supported, allow this machine's address");
  return make_record_provider(metadata, options, std::move(with), std::make_unique<regru>(options));
}

}  // namespace cardea::dnsproviders
