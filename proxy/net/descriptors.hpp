#pragma once

#include <cstddef>

/// How many files, sockets included, this process may have open.
namespace cardea::proxy::net {

/// The soft limit, as it is now.
[[nodiscard]] std::size_t descriptor_limit() noexcept;
/// The soft limit becomes the hard one.
void raise_descriptor_limit() noexcept;

/// Whether the kernel has no number below `first_scarce` left; it gives the lowest
/// that is free, so that one number tells of all.
[[nodiscard]] bool descriptors_used_up_to(std::size_t first_scarce) noexcept;

}  // namespace cardea::proxy::net
