#include "dnsproviders/vendors/joker.hpp"

#include "base/text.hpp"
#include "dnsproviders/rrset_provider.hpp"
#include "dnsproviders/slot_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <algorithm>
#include <array>

namespace cardea::dnsproviders {
namespace {

constexpr std::string_view svc_url = "https://svc.joker.com/nic/replace";
// The vendor forgets a session after an hour.
constexpr std::chrono::minutes session_lives{50};

constexpr std::array<option_spec, 4> options_of{{
    {"api_mode", "JOKER_API_MODE", false, false, "DMAPI",
     "DMAPI (resellers), or SVC (dynamic DNS of one domain)"},
    {"username", "JOKER_USERNAME", false, false, {}, "of the account; with SVC of the domain's dynamic DNS"},
    {"password", "JOKER_PASSWORD", false, true, {}, "of that user"},
    {"api_key", "JOKER_API_KEY", false, true, {}, "with DMAPI instead of user name and password"},
}};
constexpr provider_metadata metadata{"joker",
                                     {},
                                     "Joker.com",
                                     "https://joker.com/faq/category/39/22-dmapi.html",
                                     options_of,
                                     "JOKER_",
                                     {"https://dmapi.joker.com/request",
                                      120,
                                      1,
                                      {std::chrono::seconds(120), std::chrono::seconds(2)},
                                      std::chrono::seconds(60)}};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    out.push_back(base::trim(text.substr(0, end)));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  return out;
}

/// An answer of DMAPI: lines `Key: value`, an empty line, the body.
class dmapi_answer {
 public:
  explicit dmapi_answer(const std::string& text) : text_(text) {}

  [[nodiscard]] std::string operator[](std::string_view key) const {
    for (const std::string_view line : lines_of(text_)) {
      if (line.empty()) break;
      const auto colon = line.find(':');
      if (colon != std::string_view::npos && base::equal_ignoring_case(line.substr(0, colon), key))
        return std::string(base::trim(line.substr(colon + 1)));
    }
    return {};
  }
  [[nodiscard]] bool has_body() const { return body_at() != std::string_view::npos; }
  [[nodiscard]] std::string_view body() const { return has_body() ? text_.substr(body_at()) : ""; }

 private:
  [[nodiscard]] std::size_t body_at() const {
    const auto plain = text_.find("\n\n");
    const auto with_returns = text_.find("\r\n\r\n");
    if (plain == with_returns) return plain;
    return plain < with_returns ? plain + 2 : with_returns + 4;
  }

  std::string_view text_;
};

/// A line of a zone, `label type priority target ttl ...`. Types that we do not
/// know have other forms: only TXT is looked into.
class zone_line {
 public:
  explicit zone_line(std::string_view text) : text_(text) {
    for (std::string_view rest = text; !rest.empty();) {
      const auto blank = rest.find_first_of(" \t");
      if (blank != 0) fields_.push_back(rest.substr(0, blank));
      rest = blank == std::string_view::npos ? std::string_view{} : rest.substr(blank + 1);
    }
    is_txt_ = fields_.size() >= 4 && fields_[1] == "TXT";
    // The vendor puts a blank before the closing quote of some values.
    if (is_txt_ && fields_.size() == 6 && fields_[4] == "\"")
      text_ = joined({fields_[0], " TXT ", fields_[2], " ", fields_[3], "\" ", fields_[5]});
  }

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] bool is_txt_at(std::string_view label) const {
    return is_txt_ && base::equal_ignoring_case(fields_[0], label);
  }
  [[nodiscard]] std::string value() const {
    const auto first = text_.find('"');
    const auto last = text_.rfind('"');
    return first < last ? text_.substr(first + 1, last - first - 1) : std::string(fields_[3]);
  }

 private:
  static std::string joined(std::initializer_list<std::string_view> parts) {
    std::string out;
    for (const std::string_view each : parts) out += each;
    return out;
  }

  std::string text_;
  std::vector<std::string_view> fields_;
  bool is_txt_ = false;
};

class joker_dmapi final : public rrset_vendor {
 public:
  explicit joker_dmapi(const option_values& options)
      : user_(options["username"]), password_(options["password"]), key_(options["api_key"]) {}

  std::optional<request> login(base::wall_time now) override {
    if (!session_.empty() && now < session_end_) return std::nullopt;
    if (!user_.empty() && !password_.empty())
      return send_form("POST", "/login", {{"username", user_}, {"password", password_.reveal()}});
    return send_form("POST", "/login", {{"api-key", key_.reveal()}});
  }
  base::result<void> take_login(const answer& from, base::wall_time now) override {
    session_ = base::secret(dmapi_answer(from.body())["Auth-Sid"]);
    if (session_.empty()) return base::error(base::errc::protocol, "the vendor opened no session");
    session_end_ = now + session_lives;
    return {};
  }
  bool is_logged_out(const answer& from) const override {
    return from.status() == 401 || dmapi_answer(from.body())["Status-Code"] == "401";
  }
  void forget_login() override { session_ = {}; }
  void authorize(request& to, base::wall_time) const override {
    if (!to.url.ends_with("/login")) to.body += "&auth-sid=" + base::percent_encode(session_.reveal());
  }

  // Always 200: the head of the text says what became of it.
  outcome judge(const answer& from) const override {
    return from.status() == 200 && dmapi_answer(from.body())["Status-Code"] == "0" ? outcome::done
                                                                                   : outcome::refused;
  }
  std::string words(const answer& from) const override {
    const dmapi_answer said(from.body());
    std::string out = said["Status-Text"];
    if (const std::string error = said["Error"]; !error.empty()) out += (out.empty() ? "" : "; ") + error;
    return out;
  }

  request read(const txt_value& txt) const override {
    return send_form("POST", "/dns-zone-get", {{"domain", txt.zone.id}});
  }
  base::result<rrset> read_set(const answer& from, const txt_value& txt) const override {
    const dmapi_answer said(from.body());
    // What is not known to be the whole zone must not be written back as that.
    if (!said.has_body()) return base::error(base::errc::protocol, "the vendor's answer has no zone");
    rrset out;
    out.raw = said.body();
    for (const std::string_view each : lines_of(out.raw))
      if (const zone_line line(each); line.is_txt_at(txt.relative())) out.values.push_back(line.value());
    return out;
  }
  request write(const txt_value& txt, const rrset& old,
                const std::vector<std::string>& values) const override {
    std::string zone;
    std::vector<std::string> missing = values;
    for (const std::string_view each : lines_of(old.raw)) {
      if (each.empty()) continue;
      const zone_line line(each);
      if (line.is_txt_at(txt.relative())) {
        const auto wanted = std::find(missing.begin(), missing.end(), unquoted(line.value()));
        if (wanted == missing.end()) continue;
        missing.erase(wanted);
      }
      zone += (zone.empty() ? "" : "\n") + line.text();
    }
    for (const std::string& each : missing)
      zone +=
          (zone.empty() ? "" : "\n") + txt.relative() + " TXT 0 \"" + each + "\" " + std::to_string(txt.ttl);
    return send_form("POST", "/dns-zone-put", {{"domain", txt.zone.id}, {"zone", zone}});
  }

 private:
  std::string user_;
  base::secret password_;
  base::secret key_;
  base::secret session_;
  base::wall_time session_end_;
};

class joker_svc final : public slot_vendor {
 public:
  explicit joker_svc(const option_values& options)
      : user_(options["username"]), password_(options["password"]) {}

  zone_source zones_from() const override { return zone_source::dns; }
  outcome judge(const answer& from) const override {
    return from.status() == 200 && from.body().starts_with("OK") ? outcome::done : outcome::refused;
  }
  base::result<request> set(const txt_value& txt) const override { return replace(txt, txt.value()); }
  base::result<request> clear(const txt_value& txt) const override { return replace(txt, ""); }

 private:
  request replace(const txt_value& txt, std::string value) const {
    return send_form("POST", "",
                     {{"username", user_},
                      {"password", password_.reveal()},
                      {"zone", txt.zone.id},
                      {"label", txt.relative()},
                      {"type", "TXT"},
                      {"value", std::move(value)}});
  }

  std::string user_;
  base::secret password_;
};

}  // namespace

const provider_metadata& joker_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_joker(const option_values& options, services with) {
  const bool is_svc = base::equal_ignoring_case(options["api_mode"], "SVC");
  if (!is_svc && !base::equal_ignoring_case(options["api_mode"], "DMAPI"))
    return options.wrong("api_mode", "is neither DMAPI nor SVC");
  const bool has_user = !options["username"].empty() && !options["password"].empty();
  if (is_svc) {
    if (!has_user)
      return options.wrong(options["username"].empty() ? "username" : "password", "is missing for SVC");
    provider_metadata of = metadata;
    of.defaults.api_url = svc_url;
    return make_slot_provider(of, options, std::move(with), std::make_unique<joker_svc>(options));
  }
  if (!has_user && options["api_key"].empty())
    return options.wrong("api_key", "is missing (or username and password)");
  return make_rrset_provider(metadata, options, std::move(with), std::make_unique<joker_dmapi>(options));
}

}  // namespace cardea::dnsproviders
