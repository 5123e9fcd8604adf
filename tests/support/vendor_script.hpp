#pragma once

#include "base/error.hpp"
#include "base/fetch_message.hpp"
#include "dnsproviders/provider.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// A DNS vendor's side of a conversation, written down: which requests must
/// come, in which order, and what they are answered. Every deviation fails the
/// test that plays it.
namespace cardea::test_support {

/// One request and its answer.
struct exchange {
  std::string method;
  std::string url;   ///< behind the base address, query included
  /// Exactly; compared as JSON when both are. `*`: one that `verify` looks at, since it is another each time.
  std::string body;
  int status = 200;
  std::string answer;
  std::vector<base::http_field> answer_headers = {};
};

struct vendor_script {
  std::string provider = {};
  std::map<std::string, std::string> options = {};
  std::vector<base::http_field> headers = {};  ///< that every request must carry
  std::vector<exchange> present = {};
  std::vector<exchange> clean_up = {};
  std::string zone = "example.com";  ///< what the DNS says when it is asked for the zone of a name
  std::string api_url = "https://api.vendor.test/base";
  /// What else must hold for every request (a signature is right ...).
  std::function<void(const base::fetch_request&)> verify = {};
};

/// The record of the scripts: `first_value` at `record_name`, and another value at the same name.
inline constexpr std::string_view record_name = "_acme-challenge.www.example.com";
inline constexpr std::string_view first_value = "LPsIwTo7o8BoG0-vjCyGQGBWSVIPxI-i_X336eUOQZo";
inline constexpr std::string_view second_value = "xOZbGW0h3fvGcJ3BZpMvIZ2mHvGT0s5T5dFhWqo0bqE";
[[nodiscard]] dnsproviders::challenge_record make_record(std::string_view value = first_value);

/// What the conversation's clock says: 2026-01-02T03:04:05Z.
inline constexpr std::int64_t script_time = 1'767'323'045;

/// Plays a conversation with one provider.
class vendor_play {
 public:
  explicit vendor_play(vendor_script script);
  ~vendor_play();

  /// The provider's result; all exchanges of `expected` must be consumed.
  [[nodiscard]] base::result<void> present(std::vector<exchange> expected,
                                           dnsproviders::challenge_record record = make_record());
  [[nodiscard]] base::result<void> clean_up(std::vector<exchange> expected,
                                            dnsproviders::challenge_record record = make_record());
  /// Every request fails with `why` instead of being answered.
  [[nodiscard]] base::result<void> present_unanswered(base::error why);
  /// All requests that came.
  [[nodiscard]] const std::vector<base::fetch_request>& requests() const;
  /// Seconds that the provider wanted to sleep, one by one.
  [[nodiscard]] const std::vector<double>& sleeps() const;

 private:
  struct stage;
  std::unique_ptr<stage> stage_;
};

/// What holds for every vendor: the script from present to clean-up; a 429 with
/// Retry-After is waited for; no answer, wrong credentials and a broken server
/// give one sentence that names the provider and shows no secret.
void check_vendor(const vendor_script& script);

/// What a provider says about options that it cannot be made with; empty when it can.
[[nodiscard]] std::string refusal_of_options(const std::string& provider,
                                             const std::map<std::string, std::string>& options);

}  // namespace cardea::test_support
