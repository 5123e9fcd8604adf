#pragma once

#include "base/certificate.hpp"
#include "base/certificate_source.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::autocert {

/// Which certificate answers for a server name; immutable, replaced as a whole.
///
/// Names are compared in the form of base::normalise_dns_name. An exact name
/// wins; then the wildcard that covers it; then the default. A wildcard covers
/// exactly one label, so of the nodes of a suffix tree over labels only the
/// parent's can match: it is found by its hash rather than by a walk, and the
/// longest match is the only one.
///
/// `find` takes two probes into flat tables, no allocation and no lock.
class sni_matcher final : public base::certificate_source {
 public:
  /// A certificate and the names that it claims.
  struct claim {
    std::shared_ptr<const base::certificate> certificate;
    std::vector<std::string> names;
  };

  /// The first to claim a name keeps it. `fallback` answers for every other
  /// name and for clients without SNI; null is allowed.
  sni_matcher(std::vector<claim> claims, std::shared_ptr<const base::certificate> fallback);

  /// Every certificate claims the names in it. Null entries are skipped.
  [[nodiscard]] static std::shared_ptr<const sni_matcher> of(
      const std::vector<std::shared_ptr<const base::certificate>>& certificates,
      std::shared_ptr<const base::certificate> fallback);

  [[nodiscard]] const base::certificate* find(std::string_view server_name) const noexcept override;

  /// How many names are claimed.
  [[nodiscard]] std::size_t size() const noexcept { return exact_.size() + wildcards_.size(); }

 private:
  // Open addressing with linear probing, at most half full. All names lie in one string.
  class name_table {
   public:
    void reserve(std::size_t count);
    void insert(std::string_view name, std::uint32_t certificate);
    [[nodiscard]] const std::uint32_t* find(std::string_view name) const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

   private:
    struct slot {
      std::uint32_t hash = 0;
      std::uint32_t certificate = 0;
      std::uint32_t offset = 0;
      std::uint32_t length = 0;  // 0 = free: an empty name is never stored
    };
    [[nodiscard]] std::size_t probe(std::string_view name, std::uint32_t hash) const noexcept;

    std::vector<slot> slots_;
    std::string names_;
    std::size_t size_ = 0;
  };

  std::vector<std::shared_ptr<const base::certificate>> certificates_;
  std::shared_ptr<const base::certificate> fallback_;
  name_table exact_;
  name_table wildcards_;  ///< by the name below `*.`
};

}  // namespace cardea::autocert
