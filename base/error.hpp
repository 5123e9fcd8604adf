#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <string>
#include <string_view>

namespace cardea::base {

using boost::system::error_code;

/// Failures that no other module's category describes.
enum class errc {
  timed_out = 1,      ///< a deadline passed; produced by base/deadline and the timer wheel only
  cancelled,          ///< the caller withdrew; never logged as a failure
  closed,             ///< the peer ended the conversation in an orderly way
  limit_exceeded,     ///< a named maximum was crossed
  invalid_argument,   ///< input that cannot be used as given
  not_found,          ///< the named thing does not exist
  io,                 ///< the operating system refused; the context says what
  protocol,           ///< a peer broke the protocol it speaks
};

const boost::system::error_category& base_category() noexcept;
error_code make_error_code(errc value) noexcept;

/// A failure as a value: a code to decide on and a context to read.
///
/// The context is empty on the data path (an error there costs no
/// allocation). Each layer that adds meaning adds one phrase with `at`.
struct error {
  error_code code;
  std::string context;

  error() = default;
  error(error_code value, std::string text = {}) : code(value), context(std::move(text)) {}
  error(errc value, std::string text = {}) : code(make_error_code(value)), context(std::move(text)) {}

  /// The same failure seen from one layer further up: "step: context".
  [[nodiscard]] error at(std::string_view step) const;

  /// The context when there is one, else the code's own message.
  [[nodiscard]] std::string message() const;
};

inline bool operator==(const error& left, const error_code& right) { return left.code == right; }

/// A value or the reason why there is none. Functions that return one are [[nodiscard]].
template <class T>
using result = boost::system::result<T, error>;

/// Required by boost::system::result for `value()` on a failure: a programming error.
[[noreturn]] void throw_exception_from_error(const error& failure, const boost::source_location& where);

}  // namespace cardea::base

template <>
struct boost::system::is_error_code_enum<cardea::base::errc> : std::true_type {};
