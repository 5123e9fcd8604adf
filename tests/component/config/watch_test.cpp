#include "config/watch.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>

/// Goal: a change of a watched file is told once it is at rest, however it
/// was made, and nothing else is told.
/// Method: a real folder and a loop that runs until the call-back came.
namespace cardea::config {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class watching : public testing::Test {
 protected:
  watching() {
    std::string name = (fs::temp_directory_path() / "cardea_watch_XXXXXX").string();
    folder_ = mkdtemp(name.data());
    write("config.yml", "a: 1\n");
  }
  ~watching() override {
    if (watch_) {
      watch_->stop();
      loop_.restart();
      loop_.run();
      EXPECT_TRUE(has_ended_);
    }
    fs::remove_all(folder_);
  }

  void start(std::vector<std::string> files,
             watch_options options = {.debounce = 30ms, .debounce_max = 5s, .retry = 20ms},
             std::vector<std::string> whole_folders = {}) {
    auto made = watch::create(loop_.get_executor(), options, [this] { changed(); });
    ASSERT_TRUE(made);
    watch_ = std::move(*made);
    watch_->set_files(std::move(files), std::move(whole_folders));
    const auto ended = [this](std::exception_ptr failure) {
      EXPECT_FALSE(failure);
      has_ended_ = true;
    };
    base::asio::co_spawn(loop_, watch_->run(), ended);
  }

  // Runs the loop until the next change is told; false when none is within the time.
  bool is_told(std::chrono::milliseconds within = 10s) {
    const int before = told_;
    const auto latest = std::chrono::steady_clock::now() + within;
    loop_.restart();
    while (told_ == before && std::chrono::steady_clock::now() < latest) loop_.run_one_until(latest);
    return told_ > before;
  }

  void changed() {
    ++told_;
    if (on_change_) on_change_();
  }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }

  base::asio::io_context loop_{1};
  fs::path folder_;
  std::unique_ptr<watch> watch_;
  std::function<void()> on_change_;
  int told_ = 0;
  bool has_ended_ = false;
};

constexpr auto quiet = 150ms;

TEST_F(watching, tells_a_file_that_is_written_in_place) {
  start({path("config.yml")});
  EXPECT_FALSE(is_told(quiet));
  write("config.yml", "a: 2\n");
  EXPECT_TRUE(is_told());
}

TEST_F(watching, tells_a_file_that_is_replaced_by_rename) {
  start({path("config.yml")});
  for (int i = 0; i < 3; ++i) {
    write(".config.yml.swp", "a: 3\n");
    fs::rename(path(".config.yml.swp"), path("config.yml"));
    EXPECT_TRUE(is_told()) << i;
  }
}

TEST_F(watching, tells_a_file_that_is_created_or_deleted) {
  start({path("config.yml"), path("routes.yml")});
  write("routes.yml", "");
  EXPECT_TRUE(is_told());
  fs::remove(path("routes.yml"));
  EXPECT_TRUE(is_told());
}

TEST_F(watching, tells_many_changes_in_a_row_once) {
  start({path("config.yml"), path("routes.yml")}, {.debounce = 200ms, .debounce_max = 10s, .retry = 20ms});
  for (int i = 0; i < 20; ++i) {
    write("config.yml", std::to_string(i));
    write("routes.yml", std::to_string(i));
    loop_.restart();
    loop_.run_for(5ms);
  }
  EXPECT_EQ(told_, 0);
  EXPECT_TRUE(is_told());
  EXPECT_FALSE(is_told(500ms));
}

TEST_F(watching, tells_a_file_that_never_rests_in_the_end) {
  start({path("config.yml")}, {.debounce = 50ms, .debounce_max = 200ms, .retry = 20ms});
  for (int i = 0; i < 400 && told_ == 0; ++i) {
    write("config.yml", std::to_string(i));
    loop_.restart();
    loop_.run_for(5ms);
  }
  EXPECT_EQ(told_, 1);
}

TEST_F(watching, does_not_tell_other_files_of_the_folder) {
  start({path("config.yml")});
  write("notes.txt", "x");
  fs::rename(path("notes.txt"), path("config.yml.bak"));
  EXPECT_FALSE(is_told(quiet));
}

TEST_F(watching, tells_a_change_behind_a_link) {
  fs::create_directory(folder_ / "v1");
  fs::create_directory(folder_ / "v2");
  write("v1/routes.yml", "a: {}\n");
  write("v2/routes.yml", "b: {}\n");
  fs::create_directory_symlink("v1", folder_ / "..data");
  fs::create_symlink("..data/routes.yml", folder_ / "routes.yml");
  start({path("routes.yml")});
  write("v1/routes.yml", "c: {}\n");
  EXPECT_TRUE(is_told()) << "the target itself";
  fs::create_directory_symlink("v2", folder_ / "..data_tmp");
  fs::rename(folder_ / "..data_tmp", folder_ / "..data");
  EXPECT_TRUE(is_told()) << "a mounted folder is switched as a whole";
  write("v2/routes.yml", "dd: {}\n");
  EXPECT_TRUE(is_told()) << "the new target";
}

// certbot: live/site/fullchain.pem -> ../../archive/site/fullchain1.pem, and the link is replaced.
TEST_F(watching, tells_a_link_that_is_replaced_and_one_on_the_way_there) {
  fs::create_directories(folder_ / "archive/site");
  fs::create_directories(folder_ / "live/site");
  write("archive/site/chain1.pem", "1");
  fs::create_symlink("../../archive/site/chain1.pem", folder_ / "live/site/chain.pem");
  fs::create_directory_symlink("live", folder_ / "current");
  fs::create_symlink("current/site/chain.pem", folder_ / "alias.pem");
  start({path("alias.pem")});
  EXPECT_FALSE(is_told(150ms));
  write("archive/site/chain2.pem", "22");
  fs::create_symlink("../../archive/site/chain2.pem", folder_ / "live/site/next");
  fs::rename(folder_ / "live/site/next", folder_ / "live/site/chain.pem");
  EXPECT_TRUE(is_told()) << "a link in the middle leads elsewhere";
  write("archive/site/chain2.pem", "333");
  EXPECT_TRUE(is_told()) << "the file at the new end is written";
  fs::create_directories(folder_ / "live2/site");
  write("live2/site/chain.pem", "4444");
  fs::create_directory_symlink("live2", folder_ / "next");
  fs::rename(folder_ / "next", folder_ / "current");
  EXPECT_TRUE(is_told()) << "a folder on the way is exchanged";
}

TEST_F(watching, links_that_go_round_are_no_end_of_it) {
  fs::create_symlink("b.pem", folder_ / "a.pem");
  fs::create_symlink("a.pem", folder_ / "b.pem");
  start({path("a.pem")});
  EXPECT_FALSE(is_told(100ms));
  fs::remove(folder_ / "b.pem");
  write("b.pem", "x");
  EXPECT_TRUE(is_told());
}

TEST_F(watching, waits_for_a_folder_that_is_missing_or_goes_away) {
  start({path("later/config.yml")});
  fs::create_directory(folder_ / "later");
  write("later/config.yml", "a: 1\n");
  EXPECT_TRUE(is_told());
  fs::remove_all(folder_ / "later");
  EXPECT_TRUE(is_told());
  fs::create_directory(folder_ / "later");
  write("later/config.yml", "a: 2\n");
  EXPECT_TRUE(is_told());
}

TEST_F(watching, tells_every_file_of_a_folder_that_is_watched_as_a_whole) {
  fs::create_directories(folder_ / "certs" / "below");
  start({path("config.yml")}, {.debounce = 30ms, .debounce_max = 5s, .retry = 20ms}, {path("certs")});
  EXPECT_FALSE(is_told(quiet));
  write("certs/a.pem", "a");
  EXPECT_TRUE(is_told());
  fs::rename(path("certs/a.pem"), path("certs/b.pem"));
  EXPECT_TRUE(is_told());
  fs::remove(path("certs/b.pem"));
  EXPECT_TRUE(is_told());
  fs::create_directory(folder_ / "certs" / "new");
  EXPECT_TRUE(is_told()) << "a folder in it";
  write("certs/below/c.pem", "c");
  write("notes.txt", "x");
  EXPECT_FALSE(is_told(quiet)) << "below it, and beside it";
  write("config.yml", "a: 2\n");
  EXPECT_TRUE(is_told()) << "the files as before";
}

TEST_F(watching, tells_that_a_whole_folder_came_or_went) {
  start({}, {.debounce = 30ms, .debounce_max = 5s, .retry = 20ms}, {path("later")});
  EXPECT_FALSE(is_told(quiet));
  fs::create_directory(folder_ / "later");
  EXPECT_TRUE(is_told());
  write("later/a.pem", "a");
  EXPECT_TRUE(is_told());
  fs::remove_all(folder_ / "later");
  EXPECT_TRUE(is_told());
  fs::create_directory(folder_ / "later");
  EXPECT_TRUE(is_told());
}

TEST_F(watching, takes_other_files_while_it_runs) {
  fs::create_directory(folder_ / "other");
  start({path("config.yml")});
  EXPECT_FALSE(is_told(quiet));
  watch_->set_files({path("other/config.yml")});
  write("config.yml", "a: 2\n");
  EXPECT_FALSE(is_told(quiet));
  write("other/config.yml", "a: 2\n");
  EXPECT_TRUE(is_told());
}

TEST_F(watching, takes_other_files_from_within_the_call_back) {
  on_change_ = [this] { watch_->set_files({path("config.yml"), path("routes.yml")}); };
  start({path("config.yml")});
  write("config.yml", "a: 2\n");
  EXPECT_TRUE(is_told());
  EXPECT_FALSE(is_told(quiet));
  write("routes.yml", "");
  EXPECT_TRUE(is_told());
}

TEST_F(watching, tells_nothing_after_stop) {
  start({path("config.yml")}, {.debounce = 60ms, .debounce_max = 5s, .retry = 20ms});
  write("config.yml", "a: 2\n");
  loop_.run_for(10ms);  // the change was seen and comes to rest
  watch_->stop();
  loop_.restart();
  loop_.run();
  EXPECT_EQ(told_, 0);
}

TEST_F(watching, ends_at_once_when_it_is_stopped_before_it_began) {
  start({path("config.yml")});
  watch_->stop();
  EXPECT_GT(loop_.run(), 0U);
  EXPECT_EQ(told_, 0);
}

}  // namespace
}  // namespace cardea::config
