#include "proxy/access_log/archives.hpp"

#include <gtest/gtest.h>

namespace cardea::proxy::access_log {
namespace {

using namespace std::chrono_literals;

constexpr wall_seconds then{std::chrono::sys_days{std::chrono::year(2026) / 11 / 25} + 19h + 5s};

TEST(archives, are_named_after_the_time_at_which_they_ended) {
  EXPECT_EQ(archive_name("logs/access.log", then, 1), "logs/access.log.20261125-190005");
  EXPECT_EQ(archive_name("logs/access.log", then, 2), "logs/access.log.20261125-190005-2");
  EXPECT_EQ(archived_at("access.log", "access.log.20261125-190005"), then);
  EXPECT_EQ(archived_at("access.log", "access.log.20261125-190005-12"), then);
}

TEST(archives, are_never_taken_for_what_somebody_else_put_there) {
  for (const char* name : {"access.log", "access.log.1", "access.log.20261125-190005.gz", "access.log.20261125-190005-",
                           "access.log.20261125-190005-x", "other.log.20261125-190005", "access.log-20261125-190005",
                           "access.log.20261125_190005", "access.log.2026112a-190005", "access.log.20261125-1900"})
    EXPECT_EQ(archived_at("access.log", name), std::nullopt) << name;
}

}  // namespace
}  // namespace cardea::proxy::access_log
