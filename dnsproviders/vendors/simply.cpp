#include "dnsproviders/vendors/simply.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 2> options_of{{
    {"account_name", "SIMPLY_ACCOUNT_NAME", true, false, {}, "the account, as S123456"},
    {"api_key", "SIMPLY_API_KEY", true, true, {}, "the account's API key"},
}};
constexpr provider_metadata metadata{
    "simply",
    {},
    "Simply.com",
    "https://www.simply.com/en/docs/api/",
    options_of,
    "SIMPLY_",
    {"https://api.simply.com/2", 120, 1, {std::chrono::seconds(300), std::chrono::seconds(10)}}};

class simply final : public record_vendor {
 public:
  explicit simply(const option_values& options)
      : account_(options["account_name"]), key_(options["api_key"]) {}

  void authorize(request& to, base::wall_time) const override {
    to.headers.push_back({"Authorization", basic(account_, key_.reveal())});
    to.headers.push_back({"Accept", "application/json"});
  }

  request list(const txt_value& txt, const std::string&) const override { return get(records_of(txt)); }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "records"))
      if (text_at(each, "type") == "TXT" && text_at(each, "name") == txt.relative())
        out.items.push_back({text_at(each, "record_id"), text_at(each, "data")});
    return out;
  }
  request add(const txt_value& txt) const override {
    return send_json("POST", records_of(txt),
                     {{"name", txt.relative()}, {"type", "TXT"}, {"data", txt.value()}, {"ttl", txt.ttl}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return remove_at(records_of(txt) + id + "/");
  }

 private:
  static std::string records_of(const txt_value& txt) {
    return "/my/products/" + txt.zone.name + "/dns/records/";
  }

  std::string account_;
  base::secret key_;
};

}  // namespace

const provider_metadata& simply_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_simply(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<simply>(options));
}

}  // namespace cardea::dnsproviders
