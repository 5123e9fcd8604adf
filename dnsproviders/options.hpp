#pragma once

#include "base/error.hpp"
#include "base/secret.hpp"
#include "dnsproviders/provider.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cardea::dnsproviders {

/// One option of a provider; error messages, `cardea dns-providers` and the
/// documentation come from here.
struct option_spec {
  std::string_view key;  ///< in configuration files; compared without case and underscores
  std::string_view
      environment;  ///< names separated by blanks, the first that is set wins; each also as NAME_FILE
  bool required = false;
  bool secret = false;
  std::string_view fallback = {};
  std::string_view help = {};
};

/// What the common options are when nobody says otherwise.
struct option_defaults {
  std::string_view api_url = {};
  int ttl = 120;
  int ttl_min = 1;
  propagation_timing propagation = {};
  std::chrono::milliseconds http_timeout{30'000};
  std::string_view api_url_option = {};  ///< the vendor's own name for api_url, used when that is not given
};

struct provider_metadata {
  std::string_view name;
  std::string_view alias;  ///< empty when there is none
  std::string_view title;
  std::string_view link;
  std::span<const option_spec> options;
  /// Before TTL, PROPAGATION_TIMEOUT, POLLING_INTERVAL and HTTP_TIMEOUT in the environment, several separated
  /// by blanks; empty: not read from there.
  std::string_view environment_prefix = {};
  option_defaults defaults = {};
  /// Keys, separated by blanks, that only somebody gives who takes this provider for another, and what to
  /// say then.
  std::string_view misplaced_options = {};
  std::string_view misplaced_advice = {};
};

using environment_lookup = std::function<std::optional<std::string>(const std::string& name)>;

/// The values of one provider's options, defaults filled in.
class option_values {
 public:
  /// From the configuration's map, then the environment. The error names the
  /// provider and the option: unknown (with a suggestion), missing, given twice
  /// in two spellings, or a file that cannot be read. Secrets never appear.
  [[nodiscard]] static base::result<option_values> read(const provider_metadata& of,
                                                        const std::map<std::string, base::secret>& given,
                                                        const environment_lookup& lookup);

  /// Empty when neither given nor defaulted.
  [[nodiscard]] const std::string& operator[](std::string_view key) const;
  /// A number of seconds, or a duration as `90s`, `500ms`, `1h30m`; up to 1000000 seconds.
  [[nodiscard]] base::result<std::chrono::milliseconds> duration(std::string_view key) const;
  /// The same, and not zero.
  [[nodiscard]] base::result<std::chrono::milliseconds> timeout(std::string_view key) const;
  [[nodiscard]] base::result<int> number(std::string_view key, int low, int high) const;

  /// true, yes, on, 1, t, y and their opposites, in any case; false when there is none.
  [[nodiscard]] base::result<bool> flag(std::string_view key) const;

  /// An error that names the provider and the option.
  [[nodiscard]] base::error wrong(std::string_view key, std::string_view why) const;

 private:
  std::string_view provider_;
  std::map<std::string, base::secret, std::less<>> values_;
};

/// The option that an error of this module is about; empty when it is about none.
[[nodiscard]] std::string named_option(const base::error& from);

/// Options that every provider takes besides its own.
[[nodiscard]] std::span<const option_spec> common_options() noexcept;

/// Where an option is looked for in the environment: names separated by blanks.
[[nodiscard]] std::string environment_names(const provider_metadata& of, const option_spec& option);

}  // namespace cardea::dnsproviders
