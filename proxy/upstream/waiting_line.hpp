#pragma once

#include "proxy/net/event_loop.hpp"

#include <cstddef>

namespace cardea::proxy::upstream {

/// The requests of one worker that wait for a backend of one group, first come, first served.
///
/// Who is called owns the chance that called it: it takes it, or calls the next one. Whoever comes meanwhile
/// joins the line behind, so that nobody is overtaken. Worker's thread only.
class waiting_line {
 public:
  /// A place in the line, in its owner's frame: it must not move while joined.
  class place {
   public:
    explicit place(net::waiter& whom) noexcept : whom_(whom) {}
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    [[nodiscard]] bool called() const noexcept { return called_; }

   private:
    friend class waiting_line;
    net::waiter& whom_;
    place* next_ = nullptr;
    place* previous_ = nullptr;
    bool called_ = false;
    bool joined_ = false;
  };

  /// Somebody waits, or was called and has not yet come.
  [[nodiscard]] bool busy() const noexcept { return first_ != nullptr || called_ > 0; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// At the end, or, for one that was called in vain, at the head.
  void join(place& who, bool at_head) noexcept;
  /// Out of the line, called or not; REQUIRES: joined.
  void leave(place& who) noexcept;
  /// Wakes the first one, if there is one.
  void call_next() noexcept;

 private:
  void unlink(place& who) noexcept;

  place* first_ = nullptr;
  place* last_ = nullptr;
  std::size_t size_ = 0;
  std::size_t called_ = 0;
};

}  // namespace cardea::proxy::upstream
