// Goal: workers never wait for the journal, and what it could not write is counted.
#include "proxy/access_log/recorder.hpp"

#include "tests/support/raw_origin.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace cardea::proxy::access_log {
namespace {

using tests::eventually;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t lines_in(const std::string& path) {
  const std::string text = read(path);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

config::access_log_section logging_to(const std::string& path) {
  config::access_log_section out;
  out.path = path;
  out.format = config::access_log_format::common;
  return out;
}

/// A worker's pen, and something to write with it.
struct worker {
  explicit worker(journal& to, std::size_t bytes = 1U << 20U) : pen(to, {bytes, 4'096}) {
    pen.equip();
    client.address = "192.0.2.7";
    what.client = &client;
    what.status = 400;
    what.first_line = "nonsense";
  }
  void write(const logger& to, int times = 1) {
    for (int i = 0; i < times; ++i) pen.write(to, what);
  }
  recorder pen;
  http::client_info client;
  entry what;
};

TEST(journal, writes_what_all_workers_log) {
  test_support::scratch_folder folder;
  journal out;
  const shared_logger log = out.open(logging_to(folder / "a.log")).value();
  worker first(out);
  worker second(out);
  first.write(*log, 100);
  second.write(*log, 100);
  EXPECT_TRUE(eventually([&] { return lines_in(folder / "a.log") == 200; }));
  first.write(*log);
  EXPECT_TRUE(eventually([&] { return lines_in(folder / "a.log") == 201; })) << "also after a rest";
  EXPECT_EQ(out.counters().written, 201U);
  EXPECT_EQ(out.counters().dropped, 0U);
}

TEST(journal, has_written_everything_when_it_stopped) {
  test_support::scratch_folder folder;
  journal out;
  const shared_logger log = out.open(logging_to(folder / "a.log")).value();
  worker one(out);
  one.write(*log, 1'000);
  out.stop();
  EXPECT_EQ(lines_in(folder / "a.log"), 1'000U);
}

TEST(journal, l12_drops_lines_rather_than_wait_and_counts_them) {
  test_support::scratch_folder folder;
  journal out;
  const shared_logger log = out.open(logging_to(folder / "a.log")).value();
  worker one(out, 8'192);
  one.write(*log, 20'000);
  out.stop();
  EXPECT_GT(out.counters().dropped, 0U);
  EXPECT_EQ(lines_in(folder / "a.log") + out.counters().dropped, 20'000U);
}

TEST(journal, l12_a_full_disk_holds_up_no_other_file) {
  test_support::scratch_folder folder;
  journal out;
  const shared_logger full = out.open(logging_to("/dev/full")).value();
  const shared_logger log = out.open(logging_to(folder / "a.log")).value();
  worker one(out);
  one.write(*full, 10);
  one.write(*log, 10);
  EXPECT_TRUE(eventually([&] { return lines_in(folder / "a.log") == 10; }));
  out.stop();
  EXPECT_EQ(out.counters().dropped, 10U) << "given up at the end";
}

TEST(journal, a_reader_that_does_not_read_holds_up_nobody) {
  test_support::scratch_folder folder;
  const std::string pipe = folder / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  journal out;
  EXPECT_FALSE(out.open(logging_to(pipe))) << "nobody reads";
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  const shared_logger slow = out.open(logging_to(pipe)).value();
  const shared_logger log = out.open(logging_to(folder / "a.log")).value();
  worker one(out, 8U << 20U);
  one.write(*slow, 5'000);  // more than a pipe holds
  one.write(*log, 10);
  EXPECT_TRUE(eventually([&] { return lines_in(folder / "a.log") == 10; }));
  std::size_t read_lines = 0;
  std::string text(1U << 16U, '\0');
  EXPECT_TRUE(eventually([&] {
    const ssize_t got = ::read(reader, text.data(), text.size());
    if (got > 0) read_lines += static_cast<std::size_t>(std::count(text.begin(), text.begin() + got, '\n'));
    return read_lines == 5'000;
  })) << "once it reads, it gets them all";
  ::close(reader);
}

TEST(journal, loggers_with_one_path_share_the_file_and_equal_ones_are_one) {
  test_support::scratch_folder folder;
  journal out;
  config::access_log_section section = logging_to(folder / "a.log");
  const shared_logger first = out.open(section).value();
  EXPECT_EQ(out.open(section).value(), first);
  EXPECT_EQ(out.find(section), first);
  section.format = config::access_log_format::json;
  EXPECT_EQ(out.find(section), nullptr);
  const shared_logger second = out.open(section).value();
  EXPECT_NE(second, first);
  EXPECT_EQ(second->to.file, first->to.file);
  section.path = folder / "./b/../a.log";
  EXPECT_EQ(out.open(section).value()->to.file, first->to.file) << "another spelling of one path";
  worker one(out);
  one.write(*first);
  one.write(*second);
  EXPECT_TRUE(eventually([&] { return lines_in(folder / "a.log") == 2; }));
  EXPECT_NE(read(folder / "a.log").find("\n{\""), std::string::npos);
}

TEST(journal, closes_a_file_when_its_last_logger_is_gone_and_not_a_line_before) {
  test_support::scratch_folder folder;
  const std::string path = folder / "a.log";
  const auto is_open = [&] {
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code failure;
      if (std::filesystem::read_symlink(each.path(), failure) == path) return true;
    }
    return false;
  };
  journal out;
  worker one(out);
  shared_logger log = out.open(logging_to(path)).value();
  EXPECT_TRUE(is_open());
  one.write(*log, 1'000);
  log.reset();
  EXPECT_TRUE(eventually([&] { return !is_open(); }));
  EXPECT_EQ(lines_in(path), 1'000U);
  log = out.open(logging_to(path)).value();
  one.write(*log);
  EXPECT_TRUE(eventually([&] { return lines_in(path) == 1'001; }));
}

TEST(journal, opens_its_files_again_when_it_is_asked_to) {
  test_support::scratch_folder folder;
  journal out;
  const shared_logger log = out.open(logging_to(folder / "a.log")).value();
  worker one(out);
  one.write(*log);
  EXPECT_TRUE(eventually([&] { return lines_in(folder / "a.log") == 1; }));
  std::filesystem::rename(folder / "a.log", folder / "a.log.1");
  out.reopen();
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(folder / "a.log"); }));
  one.write(*log);
  EXPECT_TRUE(eventually([&] { return lines_in(folder / "a.log") == 1; }));
  EXPECT_EQ(lines_in(folder / "a.log.1"), 1U);
}

TEST(journal, a_file_that_cannot_be_opened_is_an_error_that_names_it) {
  test_support::scratch_folder folder;
  journal out;
  const auto opened = out.open(logging_to(folder / "no/a.log"));
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message().find(folder / "no/a.log"), std::string::npos) << opened.error().message();
}

}  // namespace
}  // namespace cardea::proxy::access_log
