#include "autocert/error.hpp"

namespace cardea::autocert {
namespace {

class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "autocert"; }

  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::missing_field:
        return "missing field";
      case errc::duplicated_path:
        return "duplicated path";
      case errc::invalid_domain:
        return "invalid domain";
      case errc::unknown_provider:
        return "unknown provider";
      case errc::get_certificate_failed:
        return "get certificate failed";
      case errc::damaged_certificate:
        return "damaged certificate";
      case errc::in_cooldown:
        return "still in cooldown";
    }
    return "unknown";
  }
};

}  // namespace

const boost::system::error_category& autocert_category() noexcept {
  static const category instance;
  return instance;
}

base::error_code make_error_code(errc value) noexcept {
  return {static_cast<int>(value), autocert_category()};
}

}  // namespace cardea::autocert
