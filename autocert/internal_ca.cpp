#include "autocert/internal_ca.hpp"

#include "autocert/error.hpp"
#include "autocert/key.hpp"
#include "autocert/x509_draft.hpp"
#include "base/rfc3339.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <algorithm>

namespace cardea::autocert {
namespace {

constexpr std::chrono::hours root_lifetime{24 * 3652};
constexpr std::chrono::minutes backdated{5};  // for clients whose clock is a little slow
constexpr std::string_view root_name = "Cardea internal CA ";

struct request_deleter {
  void operator()(X509_REQ* value) const noexcept { X509_REQ_free(value); }
};
using signing_request = std::unique_ptr<X509_REQ, request_deleter>;

// The signature proves that whoever asks holds the key.
base::result<signing_request> parse(const std::string& der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  signing_request out(d2i_X509_REQ(nullptr, &bytes, static_cast<long>(der.size())));
  if (out && X509_REQ_verify(out.get(), X509_REQ_get0_pubkey(out.get())) == 1) return out;
  ERR_clear_error();
  return base::error(base::errc::invalid_argument, "the signing request is not valid");
}

// Two roots of one name in a browser's store could not be told apart.
std::string unique_root_name() {
  std::uint32_t number = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&number), sizeof number);
  return fmt::format("{}{:08x}", root_name, number);
}

}  // namespace

internal_ca::internal_ca(const std::string& folder, base::wall_clock clock, base::logger log,
                         base::file_calls& calls, std::chrono::seconds leaf_lifetime)
    : store_(folder + "/internal-root.crt", folder + "/internal-root.key", log, calls),
      clock_(std::move(clock)),
      log_(std::move(log)),
      leaf_lifetime_(leaf_lifetime) {}

base::awaitable<base::result<std::string>> internal_ca::issue(issue_request request) {
  if (auto opened = open_root(true); !opened) co_return opened.error();
  co_return sign_leaf(request);
}

bool internal_ca::has_issued(const base::certificate& leaf) {
  if (auto opened = open_root(false); !opened)
    return opened.error() != base::make_error_code(base::errc::not_found);
  const bool verified = X509_verify(leaf.leaf().get(), root_->key().get()) == 1;
  ERR_clear_error();
  return verified;
}

bool internal_ca::is_internal(const base::certificate& leaf) { return leaf.issuer().starts_with(root_name); }

// Read each time: another process, or the operator's backup, may have put a root there.
base::result<void> internal_ca::open_root(bool create) {
  auto loaded = store_.load(on_damage::report);
  if (loaded) {
    root_ = std::move(*loaded);
    if (root_->not_after() > clock_()) return {};
    return base::error(
        base::errc::invalid_argument,
        fmt::format("the root {} expired on {}; delete it and {} to have a new one made, which every "
                    "client must then trust anew",
                    store_.cert_path(), base::to_rfc3339(root_->not_after()), store_.key_path()));
  }
  if (loaded.error() == base::make_error_code(base::errc::not_found)) {
    if (create) return make_root();
    return loaded.error();
  }
  if (loaded.error() != make_error_code(errc::damaged_certificate)) return loaded.error();
  return make_error(
      errc::damaged_certificate,
      fmt::format("{}; restore both from a backup, or delete both to have a new root made, which every "
                  "client must then trust anew",
                  loaded.error().message()));
}

base::result<void> internal_ca::make_root() {
  const auto key = make_key(config::key_type::ec256);
  if (!key) return key.error();
  x509_draft draft;
  draft.common_name = unique_root_name();
  draft.not_before = clock_() - backdated;
  draft.not_after = draft.not_before + root_lifetime;
  draft.is_root = true;
  const auto root = sign(draft, key->get(), nullptr, key->get());
  if (!root) return root.error();
  const std::string root_pem = to_pem(root->get());
  const std::string key_pem = key_to_pem(key->get());
  auto pair = base::certificate::from_pem(root_pem, key_pem);
  if (!pair) return pair.error();
  // A root that is not on disk would be another one after the next start.
  if (auto saved = store_.save(root_pem, key_pem); !saved) return saved.error();
  root_ = std::move(*pair);
  log_.info("internal root made", {{"path", store_.cert_path()}, {"subject", draft.common_name}});
  return {};
}

base::result<std::string> internal_ca::sign_leaf(const issue_request& request) {
  const auto asked = parse(request.csr_der);
  if (!asked) return asked.error();
  x509_draft draft;
  draft.dns_names = request.domains;
  draft.not_before = clock_() - backdated;
  draft.not_after = std::min(clock_() + leaf_lifetime_, root_->not_after());
  const auto leaf = sign(draft, X509_REQ_get0_pubkey(asked->get()), root_->leaf().get(), root_->key().get());
  if (!leaf) return leaf.error();
  return to_pem(leaf->get());
}

}  // namespace cardea::autocert
