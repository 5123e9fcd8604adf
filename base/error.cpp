#include "base/error.hpp"

#include <boost/system/system_error.hpp>

namespace cardea::base {
namespace {

class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "cardea"; }

  std::string message(int value) const override {
    switch (static_cast<errc>(value)) {
      case errc::timed_out: return "timed out";
      case errc::cancelled: return "cancelled";
      case errc::closed: return "closed by the peer";
      case errc::limit_exceeded: return "limit exceeded";
      case errc::invalid_argument: return "invalid argument";
      case errc::not_found: return "not found";
      case errc::io: return "input/output failure";
      case errc::protocol: return "protocol violation";
    }
    return "unknown";
  }
};

}  // namespace

const boost::system::error_category& base_category() noexcept {
  static const category instance;
  return instance;
}

error_code make_error_code(errc value) noexcept { return {static_cast<int>(value), base_category()}; }

error error::at(std::string_view step) const {
  std::string text(step);
  text += ": ";
  text += message();
  return {code, std::move(text)};
}

std::string error::message() const { return context.empty() ? code.message() : context; }

void throw_exception_from_error(const error& failure, const boost::source_location&) {
  throw boost::system::system_error(failure.code, failure.context);
}

}  // namespace cardea::base
