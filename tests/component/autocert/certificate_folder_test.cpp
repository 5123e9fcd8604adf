#include "autocert/certificate_folder.hpp"

#include "base/atomic_file.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/scripted_ca.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

namespace cardea::autocert {
namespace {

using namespace std::chrono_literals;
using test_support::pem_pair;
using testing::ElementsAre;
using testing::HasSubstr;

pem_pair pair_for(const std::vector<std::string>& names) {
  return test_support::make_pair(names, std::chrono::system_clock::now() - 1h, 24h * 30);
}

TEST(pairs_among, takes_the_names_of_haproxy_nginx_mkcert_and_certbot) {
  const auto pairs = [](std::vector<std::string> files) {
    std::vector<std::string> out;
    for (const pair_files& each : pairs_among("d", std::move(files)))
      out.push_back(each.chain + " " + each.key);
    return out;
  };
  EXPECT_THAT(pairs({"a.pem"}), ElementsAre("d/a.pem d/a.pem"));
  EXPECT_THAT(pairs({"a.pem.key", "a.pem"}), ElementsAre("d/a.pem d/a.pem.key"));
  EXPECT_THAT(pairs({"b.key", "b.crt", "a.cer", "a.key"}), ElementsAre("d/a.cer d/a.key", "d/b.crt d/b.key"));
  EXPECT_THAT(pairs({"a-key.pem", "a.pem"}), ElementsAre("d/a.pem d/a-key.pem"));
  EXPECT_THAT(pairs({"cert.pem", "chain.pem", "fullchain.pem", "privkey.pem"}),
              ElementsAre("d/fullchain.pem d/privkey.pem"));
  EXPECT_THAT(
      pairs({"x.ecdsa.pem", "x.rsa.pem", "x.pem.ocsp", "README", "x.key", "only-key.pem"}),
      ElementsAre("d/only-key.pem d/only-key.pem", "d/x.ecdsa.pem d/x.ecdsa.pem", "d/x.rsa.pem d/x.rsa.pem"));
}

class a_certificate_folder : public testing::Test {
 protected:
  a_certificate_folder() : folder_(files_.path(), 5) {
    subscription_ = base::subscribe_to_log([this](const base::log_line& line) { log_ += line.text + '\n'; });
  }

  void write(const std::string& name, const std::string& text) {
    const std::string path = files_ / name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    ASSERT_TRUE(base::write_file_atomically(path, text, 0600));
  }
  void write_bundle(const std::string& name, const pem_pair& pair) { write(name, pair.chain + pair.key); }

  /// The names that a handshake finds now, with the file that answers.
  std::string answering(const std::string& name) {
    const base::certificate* const found = matcher_->first(name);
    for (const auto& [path, certificate] : folder_.certificates())
      if (certificate && certificate.get() == found)
        return std::string(path.substr(files_.path().size() + 1));
    return found == nullptr ? "nobody" : "somebody else";
  }
  std::size_t scan() {
    const auto changes = folder_.scan();
    matcher_ = matcher_->with(changes, {});
    return changes.size();
  }

  test_support::scratch_folder files_;
  std::string log_;
  base::log_subscription subscription_;
  certificate_folder folder_;
  std::shared_ptr<const sni_matcher> matcher_ = std::make_shared<const sni_matcher>();
};

TEST_F(a_certificate_folder, serves_what_is_in_it_and_one_level_below) {
  write_bundle("a.pem", pair_for({"a.test", "www.a.test"}));
  const pem_pair b = pair_for({"*.b.test"});
  write("b.crt", b.chain);
  write("b.key", b.key);
  const pem_pair c = pair_for({"c.test"});
  write("c.test/fullchain.pem", c.chain);
  write("c.test/privkey.pem", c.key);
  write_bundle("c.test/deeper/d.pem", pair_for({"d.test"}));
  write_bundle(".hidden.pem", pair_for({"hidden.test"}));
  EXPECT_EQ(scan(), 3U);
  EXPECT_EQ(answering("www.a.test"), "a.pem");
  EXPECT_EQ(answering("x.b.test"), "b.crt");
  EXPECT_EQ(answering("c.test"), "c.test/fullchain.pem");
  EXPECT_EQ(answering("d.test"), "nobody");
  EXPECT_EQ(answering("hidden.test"), "nobody");
  EXPECT_EQ(folder_.first()->dns_names().front(), "a.test");
  EXPECT_THAT(folder_.folders(), ElementsAre(files_.path(), files_ / "c.test"));
  EXPECT_EQ(scan(), 0U) << "nothing changed";
}

TEST_F(a_certificate_folder, b15_follows_files_that_are_replaced_added_and_removed) {
  write_bundle("a.pem", test_support::make_pair({"a.test"}, std::chrono::system_clock::now() - 48h, 24h));
  write_bundle("b.pem", pair_for({"b.test"}));
  EXPECT_EQ(scan(), 2U);
  const auto expired = folder_.first();
  write_bundle("a.pem", pair_for({"a.test", "new.a.test"}));
  write_bundle("c.pem", pair_for({"c.test"}));
  std::filesystem::remove(files_ / "b.pem");
  EXPECT_EQ(scan(), 3U);
  EXPECT_NE(folder_.first(), expired) << "an expired one in memory gives way to a newer one on disk";
  EXPECT_EQ(answering("a.test"), "a.pem");
  EXPECT_EQ(answering("new.a.test"), "a.pem");
  EXPECT_EQ(answering("b.test"), "nobody");
  EXPECT_EQ(answering("c.test"), "c.pem");
}

TEST_F(a_certificate_folder, names_bad_files_and_passes_them_over) {
  const pem_pair good = pair_for({"good.test"});
  write_bundle("good.pem", good);
  write("no-key.pem", pair_for({"no-key.test"}).chain);
  write("wrong.crt", pair_for({"wrong.test"}).chain);
  write("wrong.key", good.key);
  write("empty.crt", "");
  write("torn.pem", good.chain.substr(0, good.chain.size() / 2));
  write("huge.pem", std::string((1U << 20U) + 1, 'x'));
  EXPECT_EQ(scan(), 1U);
  for (const char* file : {"no-key.pem", "wrong.crt", "empty.crt", "torn.pem", "huge.pem"})
    EXPECT_THAT(log_, HasSubstr(file));
  EXPECT_THAT(log_, HasSubstr("does not belong"));
  EXPECT_THAT(log_, HasSubstr("passed_over=5"));
  log_.clear();
  EXPECT_EQ(scan(), 0U);
  EXPECT_EQ(log_, "") << "what is known to be bad is not said again";
}

TEST_F(a_certificate_folder, keeps_the_certificate_of_a_file_that_was_damaged_since) {
  write_bundle("a.pem", pair_for({"a.test"}));
  EXPECT_EQ(scan(), 1U);
  write("a.pem", "half of a write");
  EXPECT_EQ(scan(), 0U);
  EXPECT_EQ(answering("a.test"), "a.pem");
  write_bundle("a.pem", pair_for({"a.test"}));
  EXPECT_EQ(scan(), 1U);
}

TEST_F(a_certificate_folder, keeps_what_it_has_while_the_folder_cannot_be_read) {
  write_bundle("a.pem", pair_for({"a.test"}));
  EXPECT_EQ(scan(), 1U);
  const std::string elsewhere = files_.path() + "-away";
  std::filesystem::rename(files_.path(), elsewhere);
  EXPECT_EQ(scan(), 0U);
  EXPECT_EQ(answering("a.test"), "a.pem");
  EXPECT_THAT(log_, HasSubstr("the folder cannot be read"));
  std::filesystem::rename(elsewhere, files_.path());
  EXPECT_EQ(scan(), 0U);
}

TEST_F(a_certificate_folder, a_chain_that_was_replaced_is_a_change_though_the_leaf_is_the_same) {
  const pem_pair pair = pair_for({"a.test"});
  write_bundle("a.pem", pair);
  EXPECT_EQ(scan(), 1U);
  write("a.pem", pair.chain + pair_for({"another.test"}).chain + pair.key);
  EXPECT_EQ(scan(), 1U);
  EXPECT_EQ(matcher_->first("a.test")->intermediates().size(), 1U);
  write("a.pem", pair.chain + pair_for({"yet.another.test"}).chain + "\n" + pair.key);
  EXPECT_EQ(scan(), 1U);
}

TEST_F(a_certificate_folder, t18_of_two_files_with_one_name_the_first_keeps_it_whichever_came_first) {
  write_bundle("b.pem", pair_for({"x.test"}));
  EXPECT_EQ(scan(), 1U);
  EXPECT_EQ(answering("x.test"), "b.pem");
  write_bundle("a.pem", pair_for({"x.test"}));
  const auto changes = folder_.scan();
  matcher_ = matcher_->with(changes, {});
  EXPECT_EQ(answering("x.test"), "a.pem");
  const auto told = matcher_->conflicts_of(changes);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].kept_by, files_ / "a.pem");
  EXPECT_EQ(told[0].refused, files_ / "b.pem");
  std::filesystem::remove(files_ / "a.pem");
  scan();
  EXPECT_EQ(answering("x.test"), "b.pem");
}

TEST_F(a_certificate_folder, says_once_that_keys_can_be_read_by_others) {
  write_bundle("a.pem", pair_for({"a.test"}));
  write_bundle("b.pem", pair_for({"b.test"}));
  for (const char* name : {"a.pem", "b.pem"})
    std::filesystem::permissions(files_ / name, std::filesystem::perms::group_read,
                                 std::filesystem::perm_options::add);
  EXPECT_EQ(scan(), 2U);
  EXPECT_THAT(log_, HasSubstr("private keys can be read by others"));
  EXPECT_THAT(log_, HasSubstr("count=2"));
}

}  // namespace
}  // namespace cardea::autocert
