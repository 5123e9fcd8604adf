#include "dnsproviders/aws_signature.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <map>
#include <vector>

namespace cardea::dnsproviders {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

struct url_parts {
  std::string_view host;
  std::string_view path;
  std::string_view query;
};

url_parts parts_of(std::string_view url) {
  url_parts out;
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  const auto mark = url.find('?');
  if (mark != std::string_view::npos) out.query = url.substr(mark + 1);
  url = url.substr(0, mark);
  out.host = url.substr(0, url.find('/'));
  out.path = url.substr(out.host.size());
  if (out.path.empty()) out.path = "/";
  return out;
}

// "20150830T123600Z"
std::string time_stamp(base::wall_time now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm broken_down{};
  gmtime_r(&seconds, &broken_down);
  std::array<char, 32> out{};
  const std::size_t size = std::strftime(out.data(), out.size(), "%Y%m%dT%H%M%SZ", &broken_down);
  return {out.data(), size};
}

std::string sorted_query(std::string_view query) {
  std::vector<std::string> fields;
  while (!query.empty()) {
    const auto end = query.find('&');
    std::string field(query.substr(0, end));
    if (field.find('=') == std::string::npos) field += '=';
    fields.push_back(std::move(field));
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
  }
  std::sort(fields.begin(), fields.end());
  std::string out;
  for (const std::string& each : fields) out += (out.empty() ? "" : "&") + each;
  return out;
}

std::string signing_key(const base::secret& secret, std::string_view date, std::string_view region,
                        std::string_view service) {
  std::string key = "AWS4" + secret.reveal();
  for (const std::string_view step : {date, region, service, std::string_view("aws4_request")})
    key = base::hmac(base::digest::sha256, key, step);
  return key;
}

}  // namespace

void sign_for_aws(base::fetch_request& what, const aws_credentials& by, std::string_view region,
                  std::string_view service, base::wall_time now) {
  const url_parts url = parts_of(what.url);
  const std::string stamp = time_stamp(now);
  const std::string date = stamp.substr(0, 8);
  what.headers.push_back({"X-Amz-Date", stamp});
  if (!by.session_token.empty()) what.headers.push_back({"X-Amz-Security-Token", by.session_token.reveal()});

  std::map<std::string, std::string> covered{{"host", std::string(url.host)}};
  for (const base::http_field& each : what.headers)
    if (const std::string name = base::to_lower(each.name); name.starts_with("x-amz-"))
      covered[name] = std::string(base::trim(each.value));
  std::string names;
  std::string canonical = what.method + "\n" + std::string(url.path) + "\n" + sorted_query(url.query) + "\n";
  for (const auto& [name, value] : covered) {
    canonical += name + ":" + value + "\n";
    names += (names.empty() ? "" : ";") + name;
  }
  canonical += "\n" + names + "\n" + base::hex(base::hash(base::digest::sha256, what.body));

  const std::string scope = date + "/" + std::string(region) + "/" + std::string(service) + "/aws4_request";
  const std::string to_sign = std::string(algorithm) + "\n" + stamp + "\n" + scope + "\n" +
                              base::hex(base::hash(base::digest::sha256, canonical));
  const std::string key = signing_key(by.secret_key, date, region, service);
  what.headers.push_back({"Authorization", std::string(algorithm) + " Credential=" + by.key_id + "/" + scope +
                                               ", SignedHeaders=" + names + ", Signature=" +
                                               base::hex(base::hmac(base::digest::sha256, key, to_sign))});
}

}  // namespace cardea::dnsproviders
