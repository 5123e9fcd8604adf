#include "autocert/acme/error.hpp"

#include <string>

namespace cardea::autocert::acme {
namespace {

class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "acme"; }
  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::rejected:
        return "refused by the CA";
      case errc::rate_limited:
        return "rate limited by the CA";
      case errc::account_unknown:
        return "the CA does not know the account";
      case errc::bad_nonce:
        return "the CA refused every nonce";
      case errc::order_not_ready:
        return "the order is not ready";
      case errc::already_replaced:
        return "the certificate is replaced already";
      case errc::forbidden_by_caa:
        return "forbidden by a CAA record";
      case errc::malformed_answer:
        return "an answer that is not ACME";
      case errc::account_key:
        return "the account key cannot be used";
      case errc::unusable_certificate:
        return "not the certificate that was ordered";
    }
    return "unknown";
  }
};

}  // namespace

const boost::system::error_category& acme_category() noexcept {
  static const category instance;
  return instance;
}
base::error_code make_error_code(errc value) noexcept { return {static_cast<int>(value), acme_category()}; }

}  // namespace cardea::autocert::acme
