#include "dnsproviders/vendors/freemyip.hpp"

#include "dnsproviders/slot_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 1> options_of{{
    {"token", "FREEMYIP_TOKEN", true, true, {}, "the token of the name"},
}};
constexpr provider_metadata metadata{"freemyip",
                                     {},
                                     "freemyip.com",
                                     "https://freemyip.com/help",
                                     options_of,
                                     "FREEMYIP_",
                                     {"https://freemyip.com", 3600, 1, {}}};

class freemyip final : public slot_vendor {
 public:
  explicit freemyip(const option_values& options) : token_(options["token"]) {}

  // Always 200: the first line says what became of it.
  outcome judge(const answer& from) const override {
    return from.status() == 200 && from.body().starts_with("OK") ? outcome::done : outcome::refused;
  }

  base::result<request> set(const txt_value& txt) const override { return update(txt, txt.value()); }
  // The word, not an empty value; `delete=yes` would remove the whole name.
  base::result<request> clear(const txt_value& txt) const override { return update(txt, "null"); }

 private:
  [[nodiscard]] base::result<request> update(const txt_value& txt, std::string value) const {
    if (!txt.fqdn().ends_with(".freemyip.com"))
      return base::error(
          base::errc::invalid_argument,
          txt.fqdn() + " is not below freemyip.com; let a CNAME of it lead to your name there");
    return get(with_query(
        "/update",
        {{"token", token_.reveal()}, {"domain", txt.fqdn()}, {"txt", std::move(value)}, {"verbose", "yes"}}));
  }

  base::secret token_;
};

}  // namespace

const provider_metadata& freemyip_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_freemyip(const option_values& options, services with) {
  return make_slot_provider(metadata, options, std::move(with), std::make_unique<freemyip>(options));
}

}  // namespace cardea::dnsproviders
