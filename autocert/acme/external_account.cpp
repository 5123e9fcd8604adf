#include "autocert/acme/external_account.hpp"

#include "autocert/acme/json.hpp"
#include "autocert/acme/problem.hpp"
#include "base/atomic_file.hpp"
#include "base/text.hpp"

#include <boost/json/serialize.hpp>

namespace cardea::autocert::acme {
namespace {

namespace json = boost::json;

constexpr std::size_t file_bytes_max = 16 * 1024;
constexpr std::size_t value_bytes_max = 4 * 1024;

// {"success":1} or {"success":true}: both have been seen.
bool is_success(const json::object& from) {
  const json::value* const said = from.if_contains("success");
  return said != nullptr &&
         ((said->is_bool() && said->get_bool()) || (said->is_int64() && said->get_int64() == 1));
}

std::string reason_in(const json::object& from) {
  const json::object* const error = object_member(from, "error");
  if (error == nullptr) return {};
  std::string out = text_member(*error, "type");
  const std::string info = text_member(*error, "info");
  return out.empty() || info.empty() ? out + info : out + ": " + info;
}

base::result<external_account> account_in(const json::object& from) {
  external_account out{text_member(from, "eab_kid"), base::secret(text_member(from, "eab_hmac_key"))};
  const std::string& hmac = out.hmac.reveal();
  const auto secret = base::from_base64(base::trim(hmac));
  if (out.kid.empty() || out.kid.size() > value_bytes_max || hmac.size() > value_bytes_max || !secret ||
      secret->empty())
    return base::error(errc::malformed_answer, "no external account in it");
  return out;
}

}  // namespace

base::fetch_request external_account_request(const std::string& url, std::string_view email) {
  base::fetch_request out;
  out.method = "POST";
  out.url = url;
  out.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
  out.body = "email=" + base::percent_encode(email);
  return out;
}

base::result<external_account> parse_external_account(const base::fetch_response& answer) {
  const auto parsed = parse_object(answer.body);
  if (parsed && answer.status == 200 && is_success(*parsed)) return account_in(*parsed);
  // Its reason is cleaned like a CA's.
  const std::string said = parsed ? reason_in(*parsed) : "";
  problem refused = parse_problem(json::serialize(json::object{{"detail", said}}), answer.status);
  return error_from(refused);
}

std::string external_account_path(const std::string& account_key_path) {
  return account_key_path + ".eab.json";
}

base::result<external_account> load_external_account(const std::string& path) {
  const auto text = base::read_file(path, file_bytes_max);
  if (!text) return text.error();
  const auto parsed = parse_object(*text);
  auto found = parsed ? account_in(*parsed) : base::result<external_account>(parsed.error());
  if (!found)
    return base::error(errc::account_key,
                       "'" + path + "' is no external account; remove it to ask for another");
  return found;
}

base::result<void> save_external_account(const std::string& path, const external_account& what) {
  if (auto made = base::make_directories(base::directory_of(path), 0700); !made) return made;
  const json::object out{{"eab_kid", what.kid}, {"eab_hmac_key", what.hmac.reveal()}};
  return base::write_file_atomically(path, json::serialize(out) + "\n", 0600);
}

}  // namespace cardea::autocert::acme
