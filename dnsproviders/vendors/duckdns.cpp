#include "dnsproviders/vendors/duckdns.hpp"

#include "base/dns_name.hpp"
#include "dnsproviders/slot_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"token", "DUCKDNS_TOKEN", true, true, {}, "the account's token"},
}};
// Its name servers disagree for a while: longer than usual.
constexpr provider_metadata metadata{
    "duckdns",
    {},
    "Duck DNS",
    "https://www.duckdns.org/spec.jsp",
    options_of,
    "DUCKDNS_",
    {"https://www.duckdns.org", 60, 1, {std::chrono::seconds(120), std::chrono::seconds(2)}}};

class duckdns final : public slot_vendor {
 public:
  explicit duckdns(const option_values& options) : token_(options["token"]) {}

  // Always 200: the body says what became of it, and never why.
  outcome judge(const answer& from) const override {
    return from.status() == 200 && from.body().starts_with("OK") ? outcome::done : outcome::refused;
  }
  std::string words(const answer&) const override { return "the token or the name is not known there"; }

  base::result<request> set(const txt_value& txt) const override { return update(txt, "false", txt.value()); }
  // Without a txt parameter this would clear the addresses.
  base::result<request> clear(const txt_value& txt) const override { return update(txt, "true", ""); }

 private:
  base::result<request> update(const txt_value& txt, std::string clear, std::string value) const {
    constexpr std::string_view service = ".duckdns.org";
    const std::string& name = txt.fqdn();
    if (!name.ends_with(service))
      return base::error(base::errc::invalid_argument,
                         name + " is not below duckdns.org; let a CNAME of it lead to your name there");
    const std::string below = name.substr(0, name.size() - service.size());
    const std::string own = below.substr(below.rfind('.') + 1);
    return get(with_query("/update", {{"domains", own + std::string(service)},
                                      {"token", token_.reveal()},
                                      {"clear", std::move(clear)},
                                      {"txt", std::move(value)}}));
  }

  base::secret token_;
};

}  // namespace

const provider_metadata& duckdns_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_duckdns(const option_values& options, services with) {
  return make_slot_provider(metadata, options, std::move(with), std::make_unique<duckdns>(options));
}

}  // namespace cardea::dnsproviders
