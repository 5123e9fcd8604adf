#include "autocert/revocation.hpp"

#include "autocert/key.hpp"
#include "autocert/metadata.hpp"
#include "base/atomic_file.hpp"
#include "base/rfc3339.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"

namespace cardea::autocert {
namespace {

constexpr std::size_t note_bytes_max = 64 * 1024;

}  // namespace

revocation::revocation(config::certificate_request request, collaborators with)
    : request_(std::move(request)),
      with_(std::move(with)),
      store_(request_.cert_path, request_.key_path,
             base::logger("autocert").with({"provider", request_.name}), *with_.files),
      note_path_(request_.cert_path + ".to-revoke") {}

// The DER of the leaf in base64: of an earlier run that did not come to its end, else of what is installed.
base::result<std::string> revocation::noted_or_current() {
  auto loaded = store_.load(on_damage::report);
  if (loaded) current_ = *loaded;
  const auto noted = base::read_file(note_path_, note_bytes_max);
  if (noted) {
    auto der = base::from_base64(base::trim(*noted));
    if (!der || der->empty())
      return base::error(base::errc::io, "'" + note_path_ + "' is damaged; remove it to begin anew");
    with_.tell("going on with a revocation that was interrupted");
    return std::move(*der);
  }
  if (noted.error() != base::make_error_code(base::errc::not_found)) return noted.error();
  if (!loaded) return loaded.error();
  std::string der(current_->leaf_der());
  if (auto written = base::write_file_atomically(note_path_, base::base64(der) + "\n", 0600, *with_.files);
      !written)
    return written.error();
  return der;
}

base::awaitable<base::result<void>> revocation::replace() {
  const auto key = make_key(request_.certificate_key_type);
  if (!key) co_return key.error().at("make the key");
  auto csr = make_csr(key->get(), request_.domains);
  if (!csr) co_return csr.error().at("make the signing request");
  with_.tell("ordering a new certificate with a new key from " + with_.ca_name);
  issue_request wanted{request_.domains, std::move(*csr), current_};
  const auto chain = co_await with_.ca.issue(std::move(wanted));
  if (!chain) co_return chain.error().at("order");
  const base::secret key_pem(key_to_pem(key->get()));
  const auto fresh = base::certificate::from_pem(*chain, key_pem.reveal());
  if (!fresh) co_return fresh.error().at("the CA's answer is not usable");
  metadata known = metadata_of(**fresh, with_.ca_name, {with_.ca.last_profile(), request_.profile}, with_.clock());
  known.cert_path = request_.cert_path;
  known.key_path = request_.key_path;
  if (auto saved = store_.save(*chain, key_pem.reveal(), to_json(known)); !saved) co_return saved;
  with_.tell("installed " + (*fresh)->serial_hex() + ", expires " + base::to_rfc3339((*fresh)->not_after()));
  co_return base::result<void>();
}

base::awaitable<base::result<void>> revocation::run(bool replaced) {
  auto old = noted_or_current();
  if (!old) co_return old.error();
  // Nothing to do again after an interruption that came later than the new certificate.
  const bool is_installed = current_ && current_->leaf_der() == *old;
  if (replaced && (is_installed || !current_)) {
    auto done = co_await replace();
    if (!done) co_return done.error().at("nothing is revoked yet");
  }
  with_.tell("revoking the old certificate");
  std::string der = *old;
  const auto revoked = co_await with_.revoke(std::move(der));
  if (!revoked) co_return revoked.error().at("repeat the command");
  if (auto removed = base::remove_file(note_path_, *with_.files); !removed) co_return removed;
  with_.tell("revoked");
  co_return base::result<void>();
}

}  // namespace cardea::autocert
