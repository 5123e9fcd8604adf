#include "dnsproviders/vendors/acmedns.hpp"

#include "base/atomic_file.hpp"
#include "base/dns_name.hpp"
#include "base/text.hpp"
#include "dnsproviders/slot_provider.hpp"
#include "dnsproviders/vendor_json.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <array>
#include <map>

namespace cardea::dnsproviders {
namespace {

constexpr std::size_t accounts_bytes_max = 1U << 20U;

constexpr std::array<option_spec, 4> options_of{{
    {"api_base", "ACME_DNS_API_BASE", false, false, {}, "the server's address (or api_url)"},
    {"storage_path", "ACME_DNS_STORAGE_PATH", false, false, {}, "the file that keeps the accounts"},
    {"storage_base_url",
     "ACME_DNS_STORAGE_BASE_URL",
     false,
     false,
     {},
     "the service that keeps the accounts, instead of a file"},
    {"allow_list",
     "ACME_DNS_ALLOWLIST",
     false,
     false,
     {},
     "networks (CIDR, comma separated) from which new accounts may be used"},
}};
constexpr provider_metadata metadata{
    "acmedns",  "acme-dns", "ACME-DNS (your own server)", "https://github.com/joohoi/acme-dns",
    options_of, "ACME_DNS_"};

/// What the server gave us for one certificate's name.
struct account {
  std::string full_domain;
  std::string sub_domain;
  std::string user;
  base::secret password;

  [[nodiscard]] bool is_whole() const {
    return !full_domain.empty() && !sub_domain.empty() && !user.empty() && !password.empty();
  }
};

account read_account(const json::value& from) {
  return {text_at(from, "fulldomain"), text_at(from, "subdomain"), text_at(from, "username"),
          base::secret(text_at(from, "password"))};
}

/// The accounts in a file: one JSON object, a member for each name.
class account_file {
 public:
  explicit account_file(std::string path) : path_(std::move(path)) {}

  /// null when there is none; an error when the file cannot be read as one: writing it anew would lose
  /// accounts.
  [[nodiscard]] base::result<json::value> find(const std::string& domain) const {
    const auto all = read();
    if (!all) return all.error();
    const json::value* found = all->if_contains(domain);
    return found == nullptr ? json::value() : *found;
  }
  [[nodiscard]] base::result<void> keep(const std::string& domain, const json::object& account) const {
    auto all = read();
    if (!all) return all.error();
    all->insert_or_assign(domain, account);
    return base::write_file_atomically(path_, json::serialize(*all) + "\n", 0600);
  }

 private:
  [[nodiscard]] base::result<json::object> read() const {
    const auto text = base::read_file(path_, accounts_bytes_max);
    if (!text && text.error() == make_error_code(base::errc::not_found)) return json::object();
    if (!text) return text.error();
    if (base::trim(*text).empty()) return json::object();
    boost::system::error_code failure;
    json::value all = json::parse(*text, failure);
    if (failure || !all.is_object())
      return base::error(base::errc::protocol, path_ + " is not a file of ACME-DNS accounts");
    return std::move(all.get_object());
  }

  std::string path_;
};

class acmedns final : public slot_vendor {
 public:
  acmedns(const option_values& options, json::array allowed)
      : server_(options["api_url"].empty() ? options["api_base"] : options["api_url"]),
        path_(options["storage_path"]),
        service_(options["storage_base_url"]),
        allowed_(std::move(allowed)) {
    while (service_.ends_with('/')) service_.pop_back();
  }

  bool replaces() const override { return false; }
  bool has_clear() const override { return false; }
  std::vector<std::string> other_services() const override {
    return service_.empty() ? std::vector<std::string>() : std::vector<std::string>{service_};
  }

  base::result<std::optional<request>> prepare(const txt_value& txt) override {
    const std::string& domain = txt.record.domain;
    known& here = known_[domain];
    if (!path_.empty() && here.stage != stage_of::new_account) {
      const auto found = account_file(path_).find(domain);
      if (!found) return found.error();
      here.own = read_account(*found);
      here.stage = here.own.is_whole() ? stage_of::ready : stage_of::none;
      if (!found->is_null() && !here.own.is_whole())
        return base::error(base::errc::protocol,
                           "the account of " + domain + " in " + path_ + " is not whole");
    }
    switch (here.stage) {
      case stage_of::unknown:
        return std::optional(get(place_of(domain)));
      case stage_of::none:
        return std::optional(registration());
      case stage_of::new_account:
        return std::optional(send_json("POST", place_of(domain), here.raw));
      case stage_of::ready:
        break;
    }
    if (!here.has_alias && base::normalise_dns_name(here.own.full_domain) != txt.fqdn())
      return alias_missing(domain, here.own);
    return std::optional<request>();
  }

  base::result<void> take_prepared(const txt_value& txt, const answer& from) override {
    const std::string& domain = txt.record.domain;
    known& here = known_[domain];
    if (here.stage == stage_of::new_account) {
      if (judge(from) != outcome::done)
        return base::error(base::errc::protocol,
                           "the storage service does not keep the account of " + domain);
      here.stage = stage_of::ready;
      // The service has made the alias.
      here.has_alias = from.status() == 201;
      if (here.has_alias) return {};
      return alias_missing(domain, here.own);
    }
    if (here.stage == stage_of::unknown && judge(from) == outcome::absent) {
      here.stage = stage_of::none;
      return {};
    }
    here.own = read_account(from.json());
    if (!here.own.is_whole())
      return base::error(base::errc::protocol, "the answer is not an account for " + domain);
    if (here.stage == stage_of::unknown) {
      here.stage = stage_of::ready;
      return {};
    }
    here.raw = json::object{{"fulldomain", here.own.full_domain},
                            {"subdomain", here.own.sub_domain},
                            {"username", here.own.user},
                            {"password", here.own.password.reveal()},
                            {"server_url", server_}};
    if (path_.empty()) {
      here.stage = stage_of::new_account;
      return {};
    }
    const auto kept = account_file(path_).keep(domain, here.raw);
    if (!kept) return kept.error();
    here.stage = stage_of::ready;
    return alias_missing(domain, here.own);
  }

  base::result<request> set(const txt_value& txt) const override {
    const account& own = known_.at(txt.record.domain).own;
    request out =
        send_json("POST", "/update", json::object{{"subdomain", own.sub_domain}, {"txt", txt.value()}});
    out.headers.push_back({"X-Api-User", own.user});
    out.headers.push_back({"X-Api-Key", own.password.reveal()});
    return out;
  }
  base::result<request> clear(const txt_value&) const override { return request{}; }

 private:
  enum class stage_of {
    unknown,      ///< the service has not been asked
    none,         ///< there is no account yet
    new_account,  ///< registered, but not kept by the service yet
    ready,
  };
  struct known {
    stage_of stage = stage_of::unknown;
    account own;
    json::object raw;        ///< as it is to be kept
    bool has_alias = false;  ///< the service says that it has made it just now
  };

  request registration() const {
    if (!allowed_.empty()) return send_json("POST", "/register", json::object{{"allowfrom", allowed_}});
    request out;
    out.method = "POST";
    out.url = "/register";
    return out;
  }
  std::string place_of(const std::string& domain) const {
    return service_ + "/" + base::percent_encode(domain);
  }
  static base::error alias_missing(const std::string& domain, const account& own) {
    return {base::errc::not_found, "make this record, then try again: _acme-challenge." + domain +
                                       ". CNAME " + own.full_domain + "."};
  }

  std::string server_;
  std::string path_;
  std::string service_;
  json::array allowed_;
  std::map<std::string, known> known_;
};

json::array split(std::string_view list) {
  json::array out;
  while (!list.empty()) {
    const auto comma = list.find(',');
    const std::string_view each = base::trim(list.substr(0, comma));
    if (!each.empty()) out.push_back(json::string(each.data(), each.size()));
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
  }
  return out;
}

}  // namespace

const provider_metadata& acmedns_metadata() { return metadata; }

base::result<std::unique_ptr<provider>> make_acmedns(const option_values& options, services with) {
  if (options["api_base"].empty() && options["api_url"].empty())
    return options.wrong("api_base", "is missing (the server's address)");
  if (options["storage_path"].empty() && options["storage_base_url"].empty())
    return options.wrong("storage_path", "is missing (or storage_base_url)");
  if (!options["storage_path"].empty() && !options["storage_base_url"].empty())
    return options.wrong("storage_base_url", "contradicts storage_path: give one of them");
  if (const std::string& url = options["storage_base_url"];
      !url.empty() && !url.starts_with("https://") && !url.starts_with("http://"))
    return options.wrong("storage_base_url", "is not an http or https address");
  provider_metadata of = metadata;
  of.defaults.api_url = options["api_base"];
  return make_slot_provider(of, options, std::move(with),
                            std::make_unique<acmedns>(options, split(options["allow_list"])));
}

}  // namespace cardea::dnsproviders
