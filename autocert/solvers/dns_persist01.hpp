#pragma once

#include "autocert/solvers/persist_record.hpp"
#include "autocert/solvers/solver.hpp"
#include "base/clock.hpp"
#include "base/log.hpp"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace cardea::autocert::solvers {

/// Proves names by TXT records that stand for good (draft-ietf-acme-dns-persist).
///
/// The operator writes them, once: we say which (in the log, and in a file
/// that `cardea certs` shows), look whether they are there before anything is
/// ordered, and warn in time before they end (B71).
class dns_persist01 final : public solver {
 public:
  /// The TXT values of a name, from its zone's own servers; none is a success.
  using find_values =
      std::function<base::awaitable<base::result<std::vector<std::string>>>(std::string name)>;

  /// A record that ends within this time is warned about: no renewal may come before its end.
  static constexpr std::chrono::hours warned_before{24 * 90};

  /// `notes_path`: receives the records that have to stand, one a line as in a zone file.
  dns_persist01(find_values find, std::string notes_path, base::wall_clock clock, base::logger log)
      : find_(std::move(find)),
        notes_path_(std::move(notes_path)),
        clock_(std::move(clock)),
        log_(std::move(log)) {}

  [[nodiscard]] config::challenge_type type() const noexcept override {
    return config::challenge_type::dns_persist01;
  }
  /// Without a word of the CA about its own name it can only be asked later, with the challenge.
  [[nodiscard]] base::awaitable<base::result<void>> check(work wanted) override;
  [[nodiscard]] base::awaitable<base::result<void>> present(std::vector<work> wanted) override;
  /// Nothing: the records stay.
  [[nodiscard]] base::awaitable<void> clean_up() override { co_return; }

 private:
  void show(const std::string& name, const std::string& value);

  find_values find_;
  std::string notes_path_;
  base::wall_clock clock_;
  base::logger log_;
  std::map<std::string, std::string> shown_;  ///< name -> value, of this process
};

}  // namespace cardea::autocert::solvers
