#include "autocert/self_signed.hpp"

#include "autocert/key.hpp"
#include "autocert/x509_draft.hpp"

namespace cardea::autocert {
namespace {

constexpr std::chrono::hours lives{24 * 365};
constexpr std::chrono::minutes backdated{5};  // for clients whose clock is a little slow

}  // namespace

base::result<std::shared_ptr<const base::certificate>> make_self_signed(
    const std::vector<std::string>& domains, base::wall_time now) {
  x509_draft draft;
  draft.common_name = "Cardea self-signed";
  draft.dns_names = domains;
  // A certificate without any name is refused by some TLS stacks before they look at it.
  if (draft.dns_names.empty()) draft.dns_names.emplace_back("cardea.invalid");
  draft.not_before = now - backdated;
  draft.not_after = draft.not_before + lives;
  const auto key = make_key(config::key_type::ec256);
  if (!key) return key.error();
  const auto leaf = sign(draft, key->get(), nullptr, key->get());
  if (!leaf) return leaf.error();
  return base::certificate::from_pem(to_pem(leaf->get()), key_to_pem(key->get()));
}

}  // namespace cardea::autocert
