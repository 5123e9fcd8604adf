#pragma once

#include "autocert/issuer.hpp"
#include "autocert/key.hpp"
#include "autocert/x509_draft.hpp"
#include "base/certificate.hpp"
#include "tests/support/simulated_time.hpp"

#include <openssl/x509.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cardea::test_support {

struct pem_pair {
  std::string chain;
  std::string key;
};

/// A self-signed leaf with its key.
inline pem_pair make_pair(const std::vector<std::string>& names, base::wall_time not_before,
                          std::chrono::seconds lives, const std::string& common_name = {}) {
  const auto key = autocert::make_key(config::key_type::ec256).value();
  autocert::x509_draft draft;
  draft.common_name = common_name;
  draft.dns_names = names;
  draft.not_before = not_before;
  draft.not_after = not_before + lives - std::chrono::seconds(1);
  return {autocert::to_pem(autocert::sign(draft, key.get(), nullptr, key.get()).value().get()),
          autocert::key_to_pem(key.get())};
}

inline std::shared_ptr<const base::certificate> make_certificate(const std::vector<std::string>& names,
                                                                 base::wall_time not_before,
                                                                 std::chrono::seconds lives) {
  const pem_pair pair = make_pair(names, not_before, lives);
  return base::certificate::from_pem(pair.chain, pair.key).value();
}

/// What a scripted CA does with one order.
struct ca_answer {
  std::optional<std::string> failure = {};  ///< the sentence to fail with
  autocert::setback setback = {};           ///< and what it means
  std::chrono::seconds takes{0};            ///< on the simulated clock
  std::chrono::seconds lives{90 * 24 * 3600};
  std::chrono::seconds backdated{0};
  std::vector<std::string> names = {};  ///< instead of those ordered
  bool throws = false;
  std::string profile = {};  ///< with which it issues
};

/// The orders that a CA received, in turn; shared so that a test sees them
/// whoever owns the issuer.
struct ca_record {
  struct order {
    base::wall_time at;
    std::vector<std::string> domains;
    std::string replaces;  ///< a serial number, or empty
  };
  std::vector<order> orders;
  std::function<ca_answer(std::size_t nth)> script = [](std::size_t) { return ca_answer{}; };
  std::size_t running = 0;
  std::size_t running_max = 0;
  std::string last_key;                ///< DER of the public key of the last order
  std::vector<base::wall_time> asked;  ///< for advice
  std::function<base::result<autocert::renewal_advice>()> advice = [] {
    return base::result<autocert::renewal_advice>(autocert::renewal_advice{});
  };
};

class scripted_ca final : public autocert::issuer {
 public:
  scripted_ca(ca_record& record, simulated_time& time)
      : record_(record), time_(time), key_(autocert::make_key(config::key_type::ec256).value()) {
    autocert::x509_draft draft;
    draft.common_name = "scripted CA";
    draft.is_root = true;
    draft.not_before = time.now() - std::chrono::hours(24);
    draft.not_after = time.now() + std::chrono::hours(24 * 365 * 20);
    root_ = autocert::sign(draft, key_.get(), nullptr, key_.get()).value();
  }

  [[nodiscard]] base::awaitable<base::result<autocert::renewal_advice>> advise(
      std::shared_ptr<const base::certificate> /*about*/) override {
    record_.asked.push_back(time_.now());
    co_return record_.advice();
  }

  [[nodiscard]] autocert::setback last_setback() const override { return setback_; }
  [[nodiscard]] std::string last_profile() const override { return profile_; }

  [[nodiscard]] base::awaitable<base::result<std::string>> issue(autocert::issue_request request) override {
    record_.orders.push_back(
        {time_.now(), request.domains, request.replaces ? request.replaces->serial_hex() : ""});
    const ca_answer answer = record_.script(record_.orders.size());
    record_.running_max = std::max(record_.running_max, ++record_.running);
    if (answer.takes.count() > 0) co_await time_.sleep(answer.takes);
    --record_.running;
    if (answer.throws) throw std::runtime_error("a defect in the CA's client");
    const auto state = co_await base::asio::this_coro::cancellation_state;
    if (state.cancelled() != base::asio::cancellation_type::none)
      co_return base::error(base::errc::cancelled, "cancelled");
    setback_ = answer.setback;
    profile_ = answer.profile;
    if (answer.failure) co_return base::error(base::errc::protocol, *answer.failure);
    co_return sign(request, answer);
  }

 private:
  std::string sign(const autocert::issue_request& request, const ca_answer& answer) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(request.csr_der.data());
    X509_REQ* asked = d2i_X509_REQ(nullptr, &bytes, static_cast<long>(request.csr_der.size()));
    unsigned char* public_key = nullptr;
    const int size = i2d_PUBKEY(X509_REQ_get0_pubkey(asked), &public_key);
    record_.last_key.assign(reinterpret_cast<const char*>(public_key), static_cast<std::size_t>(size));
    OPENSSL_free(public_key);
    autocert::x509_draft draft;
    draft.dns_names = answer.names.empty() ? request.domains : answer.names;
    draft.not_before = time_.now() - answer.backdated;
    draft.not_after = draft.not_before + answer.lives - std::chrono::seconds(1);
    const auto leaf = autocert::sign(draft, X509_REQ_get0_pubkey(asked), root_.get(), key_.get()).value();
    X509_REQ_free(asked);
    return autocert::to_pem(leaf.get());
  }

  ca_record& record_;
  simulated_time& time_;
  base::key_ptr key_;
  base::x509_ptr root_;
  autocert::setback setback_;
  std::string profile_;
};

}  // namespace cardea::test_support
