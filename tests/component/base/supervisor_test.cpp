// Goal: who watches over the service is told in his own words, and what he says is believed only when it is for us.
#include "base/supervisor.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace cardea::base {
namespace {

using namespace std::chrono_literals;

/// An environment variable for as long as this lives.
struct variable {
  variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;
  ~variable() { ::unsetenv(name_); }
  const char* name_;
};

TEST(supervisor, is_told_what_is_to_be_said_on_a_path) {
  const test_support::scratch_folder scratch;
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  const std::string path = scratch / "notify";
  std::memcpy(where.sun_path, path.c_str(), path.size());
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
  const variable socket("NOTIFY_SOCKET", path);
  const supervisor told;
  EXPECT_TRUE(told.is_there());
  ASSERT_TRUE(told.tell("READY=1\nSTATUS=fine"));
  char text[64] = {};
  EXPECT_EQ(::recv(fd, text, sizeof text - 1, 0), 19);
  EXPECT_STREQ(text, "READY=1\nSTATUS=fine");
  ::close(fd);
  EXPECT_FALSE(told.tell("STOPPING=1")) << "nobody listens any more";
}

TEST(supervisor, that_is_not_there_is_told_nothing) {
  const supervisor nobody;
  EXPECT_FALSE(nobody.is_there());
  EXPECT_TRUE(nobody.tell("READY=1"));
}

TEST(supervisor, at_no_path_is_an_error_that_names_it) {
  for (const std::string& bad : {std::string("relative"), "/" + std::string(200, 'x'), std::string("vsock:2:1")}) {
    const variable socket("NOTIFY_SOCKET", bad);
    const auto told = supervisor().tell("READY=1");
    ASSERT_FALSE(told);
    EXPECT_NE(told.error().message().find(bad), std::string::npos);
  }
}

TEST(supervisor, wants_signs_of_life_of_the_process_that_it_names) {
  const auto interval_with = [](const std::string& interval, const std::string& pid) {
    const variable usec("WATCHDOG_USEC", interval);
    const variable whose("WATCHDOG_PID", pid);
    return supervisor().watchdog_interval();
  };
  EXPECT_EQ(interval_with("30000000", std::to_string(::getpid())), 30s);
  EXPECT_EQ(interval_with("30000000", ""), 30s) << "whoever is the main process";
  EXPECT_EQ(interval_with("30000000", "1"), std::nullopt);
  for (const char* bad : {"", "0", "-5", "soon"}) EXPECT_EQ(interval_with(bad, ""), std::nullopt) << bad;
}

TEST(activated_sockets, of_another_process_are_not_taken_and_no_child_sees_the_variables) {
  const variable pid("LISTEN_PID", "1");
  const variable count("LISTEN_FDS", "3");
  EXPECT_TRUE(take_activated_sockets().value().empty());
  EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr);
}

TEST(activated_sockets, that_are_no_number_are_an_error) {
  for (const char* bad : {"many", "-1", "100000"}) {
    const variable pid("LISTEN_PID", std::to_string(::getpid()));
    const variable count("LISTEN_FDS", bad);
    const auto got = take_activated_sockets();
    ASSERT_FALSE(got);
    EXPECT_NE(got.error().message().find(bad), std::string::npos);
  }
}

}  // namespace
}  // namespace cardea::base
