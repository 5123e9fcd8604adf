#include "autocert/solvers/tls_alpn01.hpp"

#include "autocert/key.hpp"
#include "autocert/x509_draft.hpp"
#include "base/crypto.hpp"
#include "base/ip_text.hpp"

#include <algorithm>

namespace cardea::autocert::solvers {
namespace {

// Wide, because the CA's clock and ours may differ and nobody else ever sees it.
constexpr std::chrono::hours backdated{24};
constexpr std::chrono::hours lives{24 * 365};

std::string server_name_of(const std::string& domain) {
  std::string reverse = base::reverse_name(domain);
  return reverse.empty() ? domain : reverse;
}

}  // namespace

base::result<std::shared_ptr<const base::certificate>> make_proof(const std::string& domain,
                                                                  const std::string& key_authorization,
                                                                  base::wall_time now) {
  const auto digest = base::sha256(key_authorization);
  x509_draft draft;
  draft.common_name = "ACME challenge";  // not the name: it may be longer than the 64 characters of a CN
  draft.dns_names = {domain};
  draft.acme_identifier.assign(digest.begin(), digest.end());
  draft.not_before = now - backdated;
  draft.not_after = now + lives;
  const auto key = make_key(config::key_type::ec256);
  if (!key) return key.error();
  const auto leaf = sign(draft, key->get(), nullptr, key->get());
  if (!leaf) return leaf.error();
  return base::certificate::from_pem(to_pem(leaf->get()), key_to_pem(key->get()));
}

base::awaitable<base::result<void>> tls_alpn01::present(std::vector<work> wanted) {
  // In one order for everybody, so that no two wait for each other.
  std::sort(wanted.begin(), wanted.end(), [](const work& a, const work& b) { return a.domain < b.domain; });
  std::vector<challenge_board::tls_alpn01> proofs;
  for (const work& each : wanted) {
    std::string name = server_name_of(each.domain);
    std::string key = "tls-alpn-01 " + name;
    auto turn = co_await dnsproviders::keyed_lock::acquire(std::move(key));
    if (!turn) co_return turn.error();
    turns_.push_back(std::move(*turn));
    auto proof = make_proof(each.domain, each.key_authorization, clock_());
    if (!proof) co_return proof.error().at(each.domain);
    proofs.push_back({std::move(name), std::move(*proof)});
  }
  std::vector<challenge_board::http01> none;
  auto taken_up = co_await board_.put(std::move(none), std::move(proofs), posting_);
  co_return taken_up;
}

base::awaitable<void> tls_alpn01::clean_up() {
  posting_.take_back();
  turns_.clear();
  co_return;
}

}  // namespace cardea::autocert::solvers
