#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cardea::proxy::tls {

/// One secret that seals session tickets. Only in memory; wiped when it goes.
struct ticket_key {
  static constexpr std::size_t bytes = 16 + 32 + 32;

  ticket_key();
  explicit ticket_key(std::span<const char, bytes> from) noexcept;
  ~ticket_key();
  ticket_key(const ticket_key&) = delete;
  ticket_key& operator=(const ticket_key&) = delete;

  std::array<unsigned char, 16> name;  ///< stands in the clear before each ticket
  std::array<unsigned char, 32> cipher;
  std::array<unsigned char, 32> mac;
};

/// The keys of one moment: tickets are sealed with the first and opened with any.
/// Immutable, shared by all workers so that a session resumes on any of them.
class ticket_keys {
 public:
  /// The current one and the two before it (V08).
  static constexpr std::size_t keys_max = 3;

  /// One fresh key.
  ticket_keys() : keys_{std::make_shared<const ticket_key>()} {}
  /// A fresh key before those of `older`, of which the oldest may go.
  [[nodiscard]] static std::shared_ptr<const ticket_keys> after(const ticket_keys& older);

  [[nodiscard]] const ticket_key& current() const noexcept { return *keys_.front(); }
  /// The keys as bytes, for the process that goes on in this one's place. Whoever holds them wipes them.
  [[nodiscard]] std::string bytes() const;
  /// What `bytes` gave; null when it is not that.
  [[nodiscard]] static std::shared_ptr<const ticket_keys> of(std::string_view bytes);

  /// The key of that name, or null.
  [[nodiscard]] const ticket_key* find(std::span<const unsigned char, 16> name) const noexcept;

 private:
  std::array<std::shared_ptr<const ticket_key>, keys_max> keys_;  ///< newest first, null behind the last
};

/// When keys change. Decides only; the clock is its caller's.
class ticket_rotation {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  explicit ticket_rotation(time_point now) noexcept : last_(now) {}
  /// When the last one was.
  [[nodiscard]] time_point last() const noexcept { return last_; }

  /// How many rotations are due, at most keys_max (then no old key is left), and notes them as done.
  [[nodiscard]] std::size_t due(time_point now, duration every) noexcept;

 private:
  time_point last_;
};

}  // namespace cardea::proxy::tls
