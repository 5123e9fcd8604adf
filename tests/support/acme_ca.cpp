#include "tests/support/acme_ca.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "tests/support/jws_reader.hpp"

#include <arpa/inet.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

namespace cardea::test_support {
namespace {

namespace json = boost::json;

const std::string base_url = "https://ca.test";

std::string address(std::string_view kind, std::size_t index) {
  return base_url + "/" + std::string(kind) + "/" + std::to_string(index);
}

json::object parse(std::string_view text) {
  json::error_code failure;
  const json::value value = json::parse(json::string_view(text.data(), text.size()), failure);
  return failure || !value.is_object() ? json::object{} : value.get_object();
}

base::fetch_response json_response(int status, const json::object& body) {
  return {status, {{"Content-Type", "application/json"}}, json::serialize(body)};
}

// RFC 7638, whatever the order in which the client sent the members.
std::string canonical(const json::object& jwk) {
  return json::serialize(json::object{{"crv", text_in(jwk, "crv")},
                                      {"kty", text_in(jwk, "kty")},
                                      {"x", text_in(jwk, "x")},
                                      {"y", text_in(jwk, "y")}});
}

using request_ptr = std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)>;

std::vector<std::string> names_in(X509_REQ* request) {
  std::vector<std::string> out;
  auto* const extensions = X509_REQ_get_extensions(request);
  auto* const names =
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const entry = sk_GENERAL_NAME_value(names, i);
    const ASN1_STRING* const text = entry->d.ia5;
    out.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     static_cast<std::size_t>(ASN1_STRING_length(text)));
    if (entry->type != GEN_IPADD) continue;
    std::array<char, INET6_ADDRSTRLEN> address{};
    inet_ntop(out.back().size() == 4 ? AF_INET : AF_INET6, out.back().data(), address.data(), address.size());
    out.back() = address.data();
  }
  GENERAL_NAMES_free(names);
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  return out;
}

constexpr std::size_t first_alternate = 1000;
constexpr std::size_t types_max =
    10;  // a challenge's address is that of its authorization times this, and its type

std::size_t leaf_size(const std::string& chain) {
  constexpr std::string_view end = "-----END CERTIFICATE-----\n";
  return chain.find(end) + end.size();
}

}  // namespace

struct acme_ca::signed_request {
  std::string payload;
  std::string kid;
  std::string jwk;  ///< of the account, in canonical form
};

acme_ca::acme_ca(simulated_time& time, const txt_records& zone) : time_(time), zone_(zone) {}

base::fetch acme_ca::fetch() {
  return [this](base::fetch_request asked) { return serve(std::move(asked)); };
}

void acme_ca::next(ca_step step, std::size_t times, const twist& what) {
  for (std::size_t i = 0; i < times; ++i) next(step, what);
}

std::size_t acme_ca::count(ca_step step) const {
  return static_cast<std::size_t>(std::count_if(requests.begin(), requests.end(),
                                                [step](const request& each) { return each.step == step; }));
}

base::awaitable<base::result<base::fetch_response>> acme_ca::serve(base::fetch_request asked) {
  const auto where = find(asked.url);
  if (!where) {
    violations.push_back("a request to an address that the CA never named: " + asked.url);
    co_return base::error(base::errc::protocol, "no such address");
  }
  twist odd;
  if (auto& waiting = twists_[where->step]; !waiting.empty()) {
    odd = std::move(waiting.front());
    waiting.pop_front();
  }
  if (odd.hangs) {
    requests.push_back({where->step, asked.url, {}, {}, time_.now()});
    co_await time_.sleep(asked.timeout);
    const auto state = co_await base::asio::this_coro::cancellation_state;
    const bool withdrawn = state.cancelled() != base::asio::cancellation_type::none;
    co_return base::error(withdrawn ? base::errc::cancelled : base::errc::timed_out, "ca.test: no answer");
  }
  base::fetch_response answer = handle(asked, *where, odd.reaches);
  if (odd.answer) co_return odd.answer(std::move(answer));
  co_return answer;
}

std::optional<acme_ca::target> acme_ca::find(const std::string& url) {
  static const std::map<std::string, ca_step> fixed{
      {"/directory", ca_step::directory},          {"/new-nonce", ca_step::new_nonce},
      {"/new-account", ca_step::new_account},      {"/new-order", ca_step::new_order},
      {"/key-change", ca_step::key_change},        {"/revoke-cert", ca_step::revoke_cert},
      {"/eab-by-email", ca_step::external_account}};
  static const std::map<std::string, ca_step> numbered{{"/order/", ca_step::order},
                                                       {"/authz/", ca_step::authorization},
                                                       {"/chall/", ca_step::challenge},
                                                       {"/finalize/", ca_step::finalize},
                                                       {"/cert/", ca_step::certificate}};
  if (!url.starts_with(base_url)) return std::nullopt;
  if (url.starts_with(base_url + "/renewal/")) return target{ca_step::renewal_info, 0};
  const std::string path = url.substr(base_url.size());
  if (const auto found = fixed.find(path); found != fixed.end()) return target{found->second, 0};
  const auto split = path.rfind('/') + 1;
  const auto found = numbered.find(path.substr(0, split));
  target out{};
  const auto [end, failure] = std::from_chars(path.data() + split, path.data() + path.size(), out.index);
  if (found == numbered.end() || failure != std::errc{} || *end != '\0') return std::nullopt;
  out.step = found->second;
  if (out.step == ca_step::challenge) {
    out.type = out.index % types_max;
    out.index /= types_max;
  }
  return out;
}

acme_ca::response acme_ca::handle(const base::fetch_request& asked, const target& where,
                                  twist::effect reaches) {
  if (where.step == ca_step::directory || where.step == ca_step::new_nonce) {
    requests.push_back({where.step, asked.url, {}, {}, time_.now()});
    response out{200, {}, {}};
    if (where.step == ca_step::new_nonce) {
      add_nonce(out);
      return out;
    }
    return show_directory();
  }
  if (where.step == ca_step::external_account) {
    requests.push_back({where.step, asked.url, asked.body, {}, time_.now()});
    return give_external_account(asked);
  }
  if (where.step == ca_step::renewal_info) {
    requests.push_back({where.step, asked.url, {}, {}, time_.now()});
    const auto found = advice.find(asked.url.substr((base_url + "/renewal/").size()));
    return found != advice.end() ? found->second : refuse(404, "malformed", "no such certificate");
  }
  const auto opened = open_jws(asked.body);
  requests.push_back({where.step, asked.url, opened ? opened->payload : "",
                      opened ? text_in(opened->header, "kid") : "", time_.now()});
  if (reaches == twist::effect::lost) return {};
  signed_request from;
  auto out = check(asked, where, from);
  if (!out) out = reaches == twist::effect::full ? act(where, from) : response{200, {}, {}};
  add_nonce(*out);
  return *out;
}

acme_ca::response acme_ca::show_directory() const {
  json::object meta{{"externalAccountRequired", !external_keys.empty()}};
  json::object offered;
  for (const std::string& each : profiles) offered[each] = "a profile";
  if (!offered.empty()) meta["profiles"] = std::move(offered);
  if (!issuers.empty()) meta["issuerDomainNames"] = json::array(issuers.begin(), issuers.end());
  if (!account_hash_prefix.empty()) meta["accountHashPrefix"] = account_hash_prefix;
  if (!caa_identities.empty())
    meta["caaIdentities"] = json::array(caa_identities.begin(), caa_identities.end());
  json::object out{{"newNonce", base_url + "/new-nonce"},     {"newAccount", base_url + "/new-account"},
                   {"newOrder", base_url + "/new-order"},     {"keyChange", base_url + "/key-change"},
                   {"revokeCert", base_url + "/revoke-cert"}, {"meta", std::move(meta)}};
  if (!advice.empty() || !replaced.empty()) out["renewalInfo"] = base_url + "/renewal";
  return json_response(200, out);
}

// RFC 8555 section 6.2 to 6.5.
std::optional<acme_ca::response> acme_ca::check(const base::fetch_request& asked, const target& where,
                                                signed_request& out) {
  const auto type = std::find_if(asked.headers.begin(), asked.headers.end(), [](const auto& field) {
    return base::equal_ignoring_case(field.name, "Content-Type");
  });
  if (asked.method != "POST" || type == asked.headers.end() || type->value != "application/jose+json")
    return refuse(415, "malformed", "not a POST of application/jose+json");
  const auto opened = open_jws(asked.body);
  if (!opened) return refuse(400, "malformed", "not a flattened JWS");
  if (text_in(opened->header, "alg") != "ES256") return refuse(400, "badSignatureAlgorithm", "not ES256");
  if (text_in(opened->header, "url") != asked.url) return refuse(400, "unauthorized", "the url is another");

  const std::string nonce = text_in(opened->header, "nonce");
  if (used_nonces_.contains(nonce)) violations.push_back("a nonce was used twice for " + asked.url);
  if (nonces_.erase(nonce) == 0) return refuse(400, "badNonce", "unknown nonce");
  used_nonces_.insert(nonce);

  out.payload = opened->payload;
  out.kid = text_in(opened->header, "kid");
  const json::value* const jwk = opened->header.if_contains("jwk");
  if ((where.step == ca_step::new_account) != (jwk != nullptr) || (jwk == nullptr) == out.kid.empty())
    return refuse(400, "malformed", "jwk is for newAccount, kid for all others");
  if (jwk != nullptr) {
    const json::object parts = jwk->is_object() ? jwk->get_object() : json::object{};
    out.jwk = canonical(parts);
    const base::key_ptr key = key_of_jwk(parts);
    if (!verify_es256(key.get(), opened->input, opened->signature))
      return refuse(400, "malformed", "bad signature");
    return std::nullopt;
  }
  const auto found = std::find_if(accounts_.begin(), accounts_.end(),
                                  [&](const auto& each) { return each.second.url == out.kid; });
  if (found == accounts_.end()) return refuse(400, "accountDoesNotExist", "no such account");
  out.jwk = found->first;
  if (!verify_es256(found->second.key.get(), opened->input, opened->signature))
    return refuse(400, "malformed", "bad signature");
  return std::nullopt;
}

acme_ca::response acme_ca::act(const target& where, const signed_request& from) {
  const bool is_get = where.step == ca_step::order || where.step == ca_step::authorization ||
                      where.step == ca_step::certificate;
  if (is_get != from.payload.empty()) return refuse(400, "malformed", "POST-as-GET has no payload");
  const std::size_t count = where.step == ca_step::authorization || where.step == ca_step::challenge
                                ? authorizations_.size()
                                : orders_.size();
  if (where.step == ca_step::certificate && where.index >= first_alternate &&
      where.index < first_alternate + alternates.size())
    return show_chain(where.index);
  if (where.step == ca_step::key_change) return change_key(from);
  if (where.step == ca_step::revoke_cert) return revoke(from);
  const bool is_numbered = where.step != ca_step::new_account && where.step != ca_step::new_order;
  if (is_numbered && where.index >= count) return refuse(404, "malformed", "no such object");
  switch (where.step) {
    case ca_step::new_account:
      return find_or_make_account(from);
    case ca_step::new_order:
      return make_order(from);
    case ca_step::order:
      return show_order(where.index, 200);
    case ca_step::authorization:
      return show_authorization(where.index);
    case ca_step::challenge:
      return take_challenge(where, from);
    case ca_step::finalize:
      return finalize(where.index, from);
    default:
      break;
  }
  return show_chain(where.index);
}

// Alternate chains stand behind the orders: /cert/1000 is the first.
acme_ca::response acme_ca::show_chain(std::size_t index) {
  const bool is_alternate = index >= first_alternate;
  if (!is_alternate && orders_[index].chain.empty()) return refuse(404, "malformed", "no certificate yet");
  response out{200, {{"Content-Type", "application/pem-certificate-chain"}}, {}};
  out.body = is_alternate ? orders_.back().chain.substr(0, leaf_size(orders_.back().chain)) +
                                alternates[index - first_alternate]
                          : orders_[index].chain;
  for (std::size_t i = 0; i < alternates.size(); ++i)
    out.headers.push_back({"Link", "<" + address("cert", first_alternate + i) + ">;rel=\"alternate\""});
  return out;
}

acme_ca::response acme_ca::find_or_make_account(const signed_request& from) {
  const json::object payload = parse(from.payload);
  const json::value* const only_existing = payload.if_contains("onlyReturnExisting");
  if (!accounts_.contains(from.jwk)) {
    if (only_existing != nullptr) return refuse(400, "accountDoesNotExist", "no account has this key");
    if (!payload.contains("termsOfServiceAgreed"))
      return refuse(403, "userActionRequired", "the terms were not agreed to");
    if (!external_keys.empty() && !is_bound(payload, from.jwk))
      return refuse(403, "externalAccountRequired", "no good external account binding");
    accounts_[from.jwk] = {address("acct", account_url_count_++), from.jwk, key_of_jwk(parse(from.jwk))};
    response out = json_response(201, {{"status", "valid"}});
    out.headers.push_back({"Location", accounts_[from.jwk].url});
    return out;
  }
  response out = json_response(200, {{"status", "valid"}});
  out.headers.push_back({"Location", accounts_[from.jwk].url});
  return out;
}

// RFC 8555 section 7.3.4.
bool acme_ca::is_bound(const json::object& payload, const std::string& jwk) {
  const json::value* const binding = payload.if_contains("externalAccountBinding");
  if (binding == nullptr) return false;
  const auto opened = open_jws(json::serialize(*binding));
  if (!opened || opened->header.size() != 3) return false;
  const auto secret = external_keys.find(text_in(opened->header, "kid"));
  return canonical(parse(opened->payload)) == jwk && secret != external_keys.end() &&
         text_in(opened->header, "alg") == "HS256" &&
         text_in(opened->header, "url") == base_url + "/new-account" &&
         opened->signature == hmac_sha256(secret->second, opened->input);
}

// RFC 8555 section 7.3.5: the inner JWS has a jwk, the same url and no nonce.
acme_ca::response acme_ca::change_key(const signed_request& from) {
  const auto inner = open_jws(from.payload);
  const json::value* const jwk = inner ? inner->header.if_contains("jwk") : nullptr;
  if (jwk == nullptr || !jwk->is_object() || inner->header.contains("nonce") ||
      text_in(inner->header, "url") != base_url + "/key-change" || text_in(inner->header, "alg") != "ES256")
    return refuse(400, "malformed", "not the inner JWS of a key change");
  const std::string fresh = canonical(jwk->get_object());
  if (!verify_es256(key_of_jwk(jwk->get_object()).get(), inner->input, inner->signature))
    return refuse(400, "malformed", "bad signature of the new key");
  const json::object payload = parse(inner->payload);
  const json::value* const old = payload.if_contains("oldKey");
  if (text_in(payload, "account") != from.kid || old == nullptr || canonical(old->get_object()) != from.jwk)
    return refuse(400, "malformed", "another account or another old key");
  if (accounts_.contains(fresh)) return refuse(409, "malformed", "the new key is in use");
  account moved = std::move(accounts_[from.jwk]);
  accounts_.erase(from.jwk);
  moved.jwk = fresh;
  moved.key = key_of_jwk(parse(fresh));
  accounts_[fresh] = std::move(moved);
  return json_response(200, {{"status", "valid"}});
}

// RFC 8555 section 7.6.
acme_ca::response acme_ca::revoke(const signed_request& from) {
  const json::object payload = parse(from.payload);
  const std::string der = base::from_base64(text_in(payload, "certificate")).value_or("");
  const json::value* const reason = payload.if_contains("reason");
  if (der.empty() || reason == nullptr || !reason->is_int64())
    return refuse(400, "malformed", "no certificate or no reason");
  if (revoked.contains(der)) return refuse(400, "alreadyRevoked", "it is revoked");
  revoked[der] = static_cast<int>(reason->get_int64());
  return {200, {}, {}};
}

acme_ca::response acme_ca::give_external_account(const base::fetch_request& asked) {
  if (asked.method != "POST" || !asked.body.starts_with("email=") || external_keys.empty())
    return json_response(200, {{"success", false}, {"error", {{"code", 2900}, {"type", "invalid_email"}}}});
  return json_response(200, {{"success", 1},
                             {"eab_kid", external_keys.begin()->first},
                             {"eab_hmac_key", base::base64url(external_keys.begin()->second)}});
}

acme_ca::response acme_ca::make_order(const signed_request& from) {
  order made;
  const json::object payload = parse(from.payload);
  const std::string profile = text_in(payload, "profile");
  if (!profile.empty() && std::find(profiles.begin(), profiles.end(), profile) == profiles.end())
    return refuse(400, "invalidProfile", "no such profile");
  if (const std::string old = text_in(payload, "replaces"); !old.empty() && !replaced.insert(old).second)
    return refuse(409, "alreadyReplaced", "another order replaces it");
  const json::value* const identifiers = payload.if_contains("identifiers");
  if (identifiers == nullptr || !identifiers->is_array()) return refuse(400, "malformed", "no identifiers");
  for (const json::value& each : identifiers->get_array()) {
    const std::string name = text_in(each.as_object(), "value");
    authorization one;
    one.wildcard = name.starts_with("*.");
    one.domain = one.wildcard ? name.substr(2) : name;
    one.is_address = text_in(each.as_object(), "type") == "ip";
    one.status = authorizations_are_reused ? "valid" : "pending";
    one.token = "token-" + std::to_string(authorizations_.size());
    made.domains.push_back(name);
    made.authorizations.push_back(authorizations_.size());
    authorizations_.push_back(std::move(one));
  }
  orders_.push_back(std::move(made));
  response out = show_order(orders_.size() - 1, 201);
  out.headers.push_back({"Location", address("order", orders_.size() - 1)});
  return out;
}

void acme_ca::refresh(order& what) {
  if (what.status == "processing" && what.rounds_left-- <= 0) what.status = "valid";
  if (what.status != "pending") return;
  std::size_t valid = 0;
  for (const std::size_t index : what.authorizations) {
    const std::string& status = authorizations_[index].status;
    if (status == "valid") ++valid;
    if (status == "invalid") what.status = "invalid";
  }
  if (valid == what.authorizations.size()) what.status = "ready";
}

acme_ca::response acme_ca::show_order(std::size_t index, int status) {
  order& what = orders_[index];
  refresh(what);
  json::object body{{"status", what.status}, {"finalize", address("finalize", index)}};
  json::array urls;
  for (const std::size_t each : what.authorizations) urls.push_back(json::value(address("authz", each)));
  if (!omits_authorizations) body["authorizations"] = std::move(urls);
  if (what.status == "valid") body["certificate"] = address("cert", index);
  response out = json_response(status, body);
  if (what.status == "processing")
    out.headers.insert(out.headers.end(), waiting_fields.begin(), waiting_fields.end());
  return out;
}

acme_ca::response acme_ca::show_authorization(std::size_t index) {
  authorization& what = authorizations_[index];
  if (what.status == "pending" && what.answered && what.rounds_left-- <= 0)
    what.status = what.proven ? "valid" : "invalid";
  json::array challenges;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    const bool is_wanted = offers[i].starts_with("dns-") ? !what.is_address : !what.wildcard;
    if (!is_wanted) continue;
    // RFC 8555 section 7.1.4: of a dead authorization the challenge that failed.
    if (what.status == "invalid" && offers[i] != what.type) continue;
    json::object one{
        {"type", offers[i]}, {"url", address("chall", index * types_max + i)}, {"status", "pending"}};
    if (offers[i] == "dns-persist-01")
      one["issuerDomainNames"] = json::array(issuers.begin(), issuers.end());
    else
      one["token"] = what.token;
    if (offers[i] == what.type) {
      one["status"] = what.status == "pending" ? "processing" : what.status;
      if (what.status == "invalid") {
        const auto found = validation_errors.find(what.domain);
        one["error"] =
            parse(found != validation_errors.end()
                      ? found->second
                      : problem_body(403, "unauthorized", "no proof of " + what.domain + " by " + what.type));
      }
    }
    challenges.push_back(std::move(one));
  }
  json::object body{{"status", what.status},
                    {"identifier", {{"type", what.is_address ? "ip" : "dns"}, {"value", what.domain}}}};
  if (what.wildcard) body["wildcard"] = true;
  body["challenges"] = std::move(challenges);
  response out = json_response(200, body);
  if (what.status == "pending")
    out.headers.insert(out.headers.end(), waiting_fields.begin(), waiting_fields.end());
  return out;
}

// Everything must be in place now (B66).
acme_ca::response acme_ca::take_challenge(const target& where, const signed_request& from) {
  authorization& what = authorizations_[where.index];
  if (where.type >= offers.size()) return refuse(404, "malformed", "no such challenge");
  if (from.payload != "{}") return refuse(400, "malformed", "a challenge is answered with {}");
  if (what.status != "pending" || what.answered)
    return refuse(400, "malformed", "the challenge is not pending any more");
  what.answered = true;
  what.type = offers[where.type];
  const validation seen{
      what.type, what.domain, what.wildcard,      what.token, base::base64url(base::sha256(from.jwk)),
      from.kid,  issuers,     account_hash_prefix};
  what.proven = is_proven(seen, zone_, listeners) && !validation_errors.contains(what.domain) &&
                !unreachable.contains(what.type);
  what.rounds_left = validation_rounds;
  return json_response(200, {{"type", what.type},
                             {"url", address("chall", where.index * types_max + where.type)},
                             {"status", "processing"}});
}

acme_ca::response acme_ca::finalize(std::size_t index, const signed_request& from) {
  order& what = orders_[index];
  refresh(what);
  if (what.status != "ready") return refuse(403, "orderNotReady", "the order is " + what.status);
  const std::string der = base::from_base64(text_in(parse(from.payload), "csr")).value_or("");
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  const request_ptr csr(d2i_X509_REQ(nullptr, &bytes, static_cast<long>(der.size())), X509_REQ_free);
  if (!csr || X509_REQ_verify(csr.get(), X509_REQ_get0_pubkey(csr.get())) != 1)
    return refuse(400, "badCSR", "not a signing request");
  if (names_in(csr.get()) != what.domains) return refuse(400, "badCSR", "the names are not the order's");
  std::string names;
  for (std::size_t i = 0; i < what.domains.size(); ++i) {
    const bool is_address = authorizations_[what.authorizations[i]].is_address;
    names += std::string(i == 0 ? "" : ",") + (is_address ? "IP:" : "DNS:") + what.domains[i];
  }
  what.chain = signer_.certify(X509_REQ_get0_pubkey(csr.get()), names) + signer_.pem();
  if (change_chain) what.chain = change_chain(what.chain);
  what.status = "processing";
  what.rounds_left = issuing_rounds;
  return show_order(index, 200);
}

std::string acme_ca::problem_body(int status, const std::string& type, const std::string& detail) {
  return json::serialize(
      json::object{{"type", "urn:ietf:params:acme:error:" + type}, {"detail", detail}, {"status", status}});
}

acme_ca::response acme_ca::refuse(int status, const std::string& type, const std::string& detail) {
  refusals_.push_back(type + ": " + detail);
  return {status, {{"Content-Type", "application/problem+json"}}, problem_body(status, type, detail)};
}

void acme_ca::add_nonce(response& to) {
  const std::string nonce = "nonce-" + std::to_string(nonce_count_++);
  nonces_.insert(nonce);
  to.headers.push_back({"Replay-Nonce", nonce});
}

}  // namespace cardea::test_support
