#pragma once

#include "proxy/access_log/destination.hpp"

namespace cardea::proxy::access_log {

/// The process's standard output, whoever reads it and however slowly. Not made non-blocking, because it is shared
/// with others: it is written to when it has room, and no more than it then takes.
class standard_output final : public destination {
 public:
  [[nodiscard]] const std::string& name() const noexcept override { return name_; }
  [[nodiscard]] long write(std::string_view text) noexcept override;
  [[nodiscard]] bool tend(moment) override { return false; }
  void reopen() override {}
  [[nodiscard]] std::uint64_t generation() const noexcept override { return 0; }

 private:
  std::string name_ = "stdout";
};

}  // namespace cardea::proxy::access_log
