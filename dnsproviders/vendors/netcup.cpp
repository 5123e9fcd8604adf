#include "dnsproviders/vendors/netcup.hpp"

#include "dnsproviders/record_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::array<option_spec, 3> options_of{{
    {"customer", "NETCUP_CUSTOMER_NUMBER", true, false, {}, "the customer number"},
    {"key", "NETCUP_API_KEY", true, true, {}, "the API key"},
    {"password", "NETCUP_API_PASSWORD", true, true, {}, "the API password"},
}};
constexpr provider_metadata metadata{"netcup",
                                     {},
                                     "netcup",
                                     "https://helpcenter.netcup.com/en/wiki/domain/our-api",
                                     options_of,
                                     "NETCUP_",
                                     {"https://ccp.netcup.net/run/webservice/servers/endpoint.php?JSON",
                                      300,
                                      1,
                                      {std::chrono::seconds(900), std::chrono::seconds(30)},
                                      std::chrono::seconds(10)}};

class netcup final : public record_vendor {
 public:
  explicit netcup(const option_values& options)
      : customer_(options["customer"]), key_(options["key"]), password_(options["password"]) {}

  std::optional<request> login(base::wall_time now) override {
    if (!session_.empty() && now < good_until_) return std::nullopt;
    return send_json("POST", "",
                     {{"action", "login"},
                      {"param", json::object{{"customernumber", customer_},
                                             {"apikey", key_.reveal()},
                                             {"apipassword", password_.reveal()}}}});
  }
  base::result<void> take_login(const answer& from, base::wall_time now) override {
    session_ = base::secret(text_at(from.json(), "responsedata.apisessionid"));
    if (session_.empty()) return base::error(base::errc::protocol, "the answer holds no apisessionid");
    // The vendor ends sessions after a quarter of an hour.
    good_until_ = now + std::chrono::minutes(10);
    return {};
  }
  void forget_login() override { session_ = {}; }
  // The session is put in last: a request may have been made before the login.
  void authorize(request& to, base::wall_time) const override {
    const auto at = to.body.find(session_mark);
    if (at != std::string::npos) to.body.replace(at, session_mark.size(), session_.reveal());
  }

  // 200 for everything; 5029 is "no DNS records".
  outcome judge(const answer& from) const override {
    if (from.status() < 300 && text_at(from.json(), "status") == "success") return outcome::done;
    return text_at(from.json(), "statuscode") == "5029" ? outcome::absent : outcome::refused;
  }
  std::string words(const answer& from) const override {
    const std::string text = text_at(from.json(), "longmessage");
    return text.empty() ? vendor::words(from) : text_at(from.json(), "statuscode") + " " + text;
  }

  request list(const txt_value& txt, const std::string&) const override {
    return call("infoDnsRecords", {{"domainname", txt.zone.name}});
  }
  base::result<page<found_record>> read_list(const answer& from, const txt_value& txt) const override {
    page<found_record> out;
    for (const json::value& each : list_at(from.json(), "responsedata.dnsrecords"))
      if (text_at(each, "type") == "TXT" && text_at(each, "hostname") == txt.relative())
        out.items.push_back({text_at(each, "id"), text_at(each, "destination")});
    return out;
  }
  // Records that are not named are left alone.
  request add(const txt_value& txt) const override {
    return update(txt,
                  json::object{{"hostname", txt.relative()}, {"type", "TXT"}, {"destination", txt.value()}});
  }
  request remove(const txt_value& txt, const std::string& id) const override {
    return update(txt, json::object{{"id", id},
                                    {"hostname", txt.relative()},
                                    {"type", "TXT"},
                                    {"priority", "0"},
                                    {"destination", txt.value()},
                                    {"deleterecord", true}});
  }

 private:
  static constexpr std::string_view session_mark = "(session)";

  [[nodiscard]] request call(std::string_view action, json::object fields) const {
    fields["customernumber"] = customer_;
    fields["apikey"] = key_.reveal();
    fields["apisessionid"] = session_mark;
    return send_json("POST", "", {{"action", action}, {"param", std::move(fields)}});
  }
  [[nodiscard]] request update(const txt_value& txt, const json::object& record) const {
    json::array records;
    records.push_back(record);
    return call("updateDnsRecords", {{"domainname", txt.zone.name},
                                     {"dnsrecordset", json::object{{"dnsrecords", std::move(records)}}}});
  }

  std::string customer_;
  base::secret key_;
  base::secret password_;
  base::secret session_;
  base::wall_time good_until_{};
};

}  // namespace

const provider_metadata& netcup_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_netcup(const option_values& options, services with) {
  return make_record_provider(metadata, options, std::move(with), std::make_unique<netcup>(options));
}

}  // namespace cardea::dnsproviders
