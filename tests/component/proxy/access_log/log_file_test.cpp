// Goal: whatever happens to the file, lines go to one that a reader finds, and what is kept is what was asked for.
#include "proxy/access_log/log_file.hpp"

#include "proxy/access_log/archives.hpp"
#include "proxy/access_log/outlet.hpp"
#include "tests/support/scratch_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace cardea::proxy::access_log {
namespace {

using namespace std::chrono_literals;
using kind = config::log_retention::kind;
namespace fs = std::filesystem;

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> archives_in(const std::string& folder) {
  std::vector<std::string> out;
  for (const auto& each : fs::directory_iterator(folder))
    if (archived_at("a.log", each.path().filename().string())) out.push_back(each.path().string());
  std::sort(out.begin(), out.end());
  return out;
}

/// A log and a clock that only the test moves.
struct under_test {
  explicit under_test(keeping how) {
    auto opened = log_file::open(path, how);
    EXPECT_TRUE(opened) << opened.error().message();
    out.emplace(std::move(*opened));
  }
  void log(const std::string& text) {
    out->take(text);
    work();
  }
  void work() {
    while (out->work(now)) now += 1ms;
  }
  void pass(std::chrono::milliseconds time) {
    now += time;
    work();
  }

  test_support::scratch_folder folder;
  std::string path = folder / "a.log";
  moment now = std::chrono::steady_clock::now();
  std::optional<outlet> out;
};

constexpr keeping for_days{{kind::age, 30 * 86'400}, 1h};

TEST(log_file, is_appended_to_and_never_begun_anew) {
  test_support::scratch_folder folder;
  std::ofstream(folder / "a.log") << "before\n";
  auto file = log_file::open(folder / "a.log", for_days).value();
  EXPECT_EQ(file->write("after\n"), 6);
  EXPECT_EQ(read(folder / "a.log"), "before\nafter\n");
}

TEST(log_file, is_not_readable_for_everybody) {
  const under_test log(for_days);
  EXPECT_EQ(fs::status(log.path).permissions() & fs::perms::others_all, fs::perms::none);
}

TEST(log_file, that_cannot_be_opened_says_what_to_do) {
  test_support::scratch_folder folder;
  const auto missing = log_file::open(folder / "no/a.log", for_days);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message().find("create its folder"), std::string::npos) << missing.error().message();
  EXPECT_FALSE(log_file::open(folder.path(), for_days)) << "a folder is no file";
}

TEST(log_file, is_followed_to_its_path_when_somebody_renamed_it) {
  under_test log(for_days);
  log.log("one\n");
  fs::rename(log.path, log.path + ".1");
  log.log("two\n");
  EXPECT_EQ(read(log.path + ".1"), "one\ntwo\n") << "until it is looked at again";
  log.pass(1'100ms);
  log.log("three\n");
  EXPECT_EQ(read(log.path + ".1"), "one\ntwo\n");
  EXPECT_EQ(read(log.path), "three\n");
}

TEST(log_file, is_opened_again_when_it_is_asked_for) {
  under_test log(for_days);
  log.log("one\n");
  fs::rename(log.path, log.path + ".1");
  log.out->reopen();
  log.log("two\n");
  EXPECT_EQ(read(log.path + ".1"), "one\n");
  EXPECT_EQ(read(log.path), "two\n");
}

TEST(log_file, that_cannot_be_opened_again_goes_on_where_it_was_until_it_can) {
  under_test log(for_days);
  const std::string aside = log.folder.path() + "-aside";
  fs::rename(log.folder.path(), aside);
  log.pass(1'100ms);
  log.log("one\n");
  EXPECT_EQ(read(aside + "/a.log"), "one\n");
  fs::create_directory(log.folder.path());
  log.pass(1'100ms);
  log.log("two\n");
  EXPECT_EQ(read(log.path), "two\n");
  fs::remove_all(aside);
}

TEST(log_file, that_somebody_truncated_goes_on_from_its_begin) {
  under_test log(for_days);
  log.log("one\n");
  fs::resize_file(log.path, 0);
  log.log("two\n");
  EXPECT_EQ(read(log.path), "two\n");
}

TEST(log_file, becomes_an_archive_at_each_interval_in_which_something_was_logged) {
  under_test log({{kind::age, 86'400}, 1h});
  log.log("one\n");
  log.pass(59min);
  EXPECT_EQ(archives_in(log.folder.path()).size(), 0U);
  log.pass(2min);
  log.log("two\n");
  const auto archives = archives_in(log.folder.path());
  ASSERT_EQ(archives.size(), 1U);
  EXPECT_EQ(read(archives[0]), "one\n");
  EXPECT_EQ(read(log.path), "two\n");
  log.pass(1h);
  EXPECT_EQ(archives_in(log.folder.path()).size(), 2U) << "a second one of the same second has a name of its own";
  log.pass(1h);
  EXPECT_EQ(archives_in(log.folder.path()).size(), 2U) << "nothing was logged";
}

TEST(log_file, removes_archives_that_are_too_old_and_nothing_else) {
  under_test log({{kind::age, 86'400}, 1h});
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const std::string old_one = archive_name(log.path, now - 25h, 1);
  const std::string young = archive_name(log.path, now - 23h, 1);
  const std::string foreign = log.path + ".1";
  for (const std::string& each : {old_one, young, foreign}) std::ofstream(each) << "x\n";
  log.pass(0min);  // the interval begins with the first look
  log.pass(61min);
  EXPECT_FALSE(fs::exists(old_one));
  EXPECT_TRUE(fs::exists(young));
  EXPECT_TRUE(fs::exists(foreign));
}

std::string numbered(int from, int to) {
  std::string out;
  for (int i = from; i < to; ++i) out += "line " + std::to_string(i) + "\n";
  return out;
}

TEST(log_file, kept_by_lines_holds_the_newest_after_each_interval) {
  under_test log({{kind::lines, 10}, 1h});
  log.log(numbered(0, 25));
  EXPECT_EQ(read(log.path), numbered(0, 25));
  log.pass(61min);
  EXPECT_EQ(read(log.path), numbered(15, 25));
  log.log(numbered(25, 27));
  EXPECT_EQ(read(log.path), numbered(15, 27));
  EXPECT_EQ(archives_in(log.folder.path()).size(), 0U);
  EXPECT_FALSE(fs::exists(log.path + ".cut"));
}

TEST(log_file, kept_by_lines_is_cut_early_when_it_has_become_twice_as_long) {
  under_test log({{kind::lines, 1'000}, 24h});
  log.log(numbered(0, 2'500));
  log.pass(2s);
  EXPECT_EQ(read(log.path), numbered(1'500, 2'500));
}

TEST(log_file, kept_by_bytes_holds_the_newest_whole_lines) {
  under_test log({{kind::bytes, 100}, 1h});
  log.log(numbered(0, 50));
  log.pass(61min);
  const std::string left = read(log.path);
  EXPECT_LE(left.size(), 100U);
  EXPECT_EQ(left, numbered(38, 50)) << "GoDoxy keeps the oldest";
  const auto mode = fs::status(log.path).permissions();
  EXPECT_EQ(mode & fs::perms::mask, fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
}

TEST(log_file, kept_by_bytes_is_cut_early_when_it_has_become_twice_as_long) {
  under_test log({{kind::bytes, 200'000}, 24h});
  for (int i = 0; i < 5; ++i) log.log(numbered(i * 10'000, (i + 1) * 10'000));
  log.pass(2s);
  const std::string left = read(log.path);
  EXPECT_LE(left.size(), 200'000U);
  EXPECT_GT(left.size(), 199'900U);
  EXPECT_TRUE(numbered(0, 50'000).ends_with(left));
  EXPECT_TRUE(left.starts_with("line ")) << left.substr(0, 20);
}

TEST(log_file, loses_no_line_that_comes_while_it_is_cut) {
  under_test log({{kind::bytes, 20'000'000}, 1h});
  const int lines = 3'000'000;
  for (int i = 0; i < lines; i += 100'000) log.log(numbered(i, i + 100'000));
  log.now += 61min;
  int next = lines;
  // Each turn copies a piece and appends a line.
  while (log.out->work(log.now)) {
    log.out->take("line " + std::to_string(next++) + "\n");
    log.now += 1ms;
  }
  log.work();
  EXPECT_GT(next, lines + 2) << "it took several turns";
  const std::string left = read(log.path);
  const auto at = left.find("line " + std::to_string(lines) + "\n");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(left.substr(at), numbered(lines, next));
  EXPECT_TRUE(numbered(lines - 2'000'000, lines).ends_with(left.substr(0, at)));
}

TEST(outlet, l12_a_disk_that_takes_nothing_costs_lines_and_nothing_else) {
  outlet full(log_file::open("/dev/full", for_days).value());
  const moment now = std::chrono::steady_clock::now();
  const std::string line(1'023, 'x');
  for (int i = 0; i < 10'000; ++i) full.take(line + "\n");
  EXPECT_FALSE(full.work(now)) << "it is not tried again at once";
  EXPECT_EQ(full.take_dropped(), 10'000 - outlet::waiting_bytes_max / 1'024);
  EXPECT_FALSE(full.empty());
  full.drop_waiting();
  EXPECT_EQ(full.take_dropped(), outlet::waiting_bytes_max / 1'024);
}

/// Takes so many bytes and then fails, until it is opened again.
class small_disk final : public destination {
 public:
  small_disk(std::string& to, std::size_t room) : to_(to), room_(room) {}
  const std::string& name() const noexcept override { return name_; }
  long write(std::string_view text) noexcept override {
    if (room_ == 0) {
      errno = ENOSPC;
      return -1;
    }
    const std::size_t size = std::min(text.size(), room_);
    to_ += text.substr(0, size);
    room_ -= size;
    return static_cast<long>(size);
  }
  bool tend(moment) override { return false; }
  void reopen() override {
    to_ += "|";
    room_ = 1'000;
    ++generation_;
  }
  std::uint64_t generation() const noexcept override { return generation_; }
  void give(std::size_t room) { room_ = room; }

 private:
  std::string name_ = "small";
  std::string& to_;
  std::size_t room_;
  std::uint64_t generation_ = 0;
};

TEST(outlet, l12_goes_on_in_the_middle_of_the_line_when_the_disk_has_room_again) {
  std::string disk;
  auto made = std::make_unique<small_disk>(disk, 6);
  small_disk& small = *made;
  outlet out(std::move(made));
  moment now = std::chrono::steady_clock::now();
  out.take("one\ntwo\nthree\n");
  EXPECT_FALSE(out.work(now));
  EXPECT_EQ(disk, "one\ntw");
  small.give(100);
  EXPECT_FALSE(out.work(now + 500ms));
  EXPECT_EQ(disk, "one\ntw") << "not before a second has passed";
  EXPECT_FALSE(out.work(now + 1'100ms));
  EXPECT_EQ(disk, "one\ntwo\nthree\n");
}

TEST(outlet, begins_no_file_in_the_middle_of_a_line) {
  std::string disk;
  outlet out(std::make_unique<small_disk>(disk, 6));
  const moment now = std::chrono::steady_clock::now();
  out.take("one\ntwo\nthree\n");
  EXPECT_FALSE(out.work(now));
  out.reopen();
  EXPECT_FALSE(out.work(now));
  EXPECT_EQ(disk, "one\ntw|two\nthree\n");
}

}  // namespace
}  // namespace cardea::proxy::access_log
