#include "autocert/internal_ca.hpp"

#include "autocert/error.hpp"
#include "autocert/key.hpp"
#include "base/atomic_file.hpp"
#include "base/task_group.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/scripted_ca.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <filesystem>

namespace cardea::autocert {
namespace {

using testing::HasSubstr;

std::string output_of(const std::string& command) {
  std::string out;
  FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> block{};
  while (const std::size_t count = std::fread(block.data(), 1, block.size(), pipe))
    out.append(block.data(), count);
  const int status = ::pclose(pipe);
  return out + (status == 0 ? "" : "\nexit status " + std::to_string(status));
}

base::awaitable<void> issue_into(issuer& ca, issue_request request, base::result<std::string>& out) {
  out = co_await ca.issue(std::move(request));
}

struct internal_ca_of : testing::Test {
  test_support::scratch_folder folder;
  std::string root_path = folder / "internal-root.crt";
  std::string root_key_path = folder / "internal-root.key";
  base::wall_time now = std::chrono::system_clock::now();
  std::string leaf_key_pem;

  [[nodiscard]] internal_ca ca() {
    return {folder.path(), [this] { return now; }, base::logger("test")};
  }

  base::result<std::string> issue(internal_ca& ca, const std::vector<std::string>& domains) {
    const auto key = make_key(config::key_type::ec256).value();
    leaf_key_pem = key_to_pem(key.get());
    base::asio::io_context io;
    base::result<std::string> out;
    base::task_group tasks(io.get_executor(), base::logger("test"));
    tasks.spawn(issue_into(ca, {domains, make_csr(key.get(), domains).value()}, out));
    io.run();
    return out;
  }

  std::shared_ptr<const base::certificate> leaf(internal_ca& ca, const std::vector<std::string>& domains) {
    const std::string chain = issue(ca, domains).value();
    return base::certificate::from_pem(chain, leaf_key_pem).value();
  }
};

TEST_F(internal_ca_of, names_issues_leaves_that_openssl_accepts_for_them) {
  internal_ca ca = this->ca();
  const auto chain = issue(ca, {"example.test", "*.example.test"});
  ASSERT_TRUE(chain) << chain.error().message();
  ASSERT_TRUE(base::write_file_atomically(folder / "leaf.crt", *chain, 0644));
  const std::string verify = "openssl verify -x509_strict -purpose sslserver -CAfile " + root_path + " ";
  EXPECT_EQ(output_of(verify + "-verify_hostname www.example.test " + (folder / "leaf.crt")),
            (folder / "leaf.crt") + ": OK\n");
  EXPECT_EQ(output_of(verify + "-verify_hostname example.test " + (folder / "leaf.crt")),
            (folder / "leaf.crt") + ": OK\n");
  EXPECT_THAT(output_of(verify + "-verify_hostname other.test " + (folder / "leaf.crt")),
              HasSubstr("mismatch"));

  const std::string text = output_of("openssl x509 -noout -text -in " + (folder / "leaf.crt"));
  for (const char* part :
       {"TLS Web Server Authentication", "DNS:example.test, DNS:*.example.test", "CA:FALSE",
        "Authority Key Identifier", "Subject Key Identifier", "Digital Signature"})
    EXPECT_THAT(text, HasSubstr(part));
  EXPECT_THAT(output_of("openssl x509 -noout -text -in " + root_path), HasSubstr("CA:TRUE, pathlen:0"));
}

TEST_F(internal_ca_of, leaves_live_thirty_days_and_begin_five_minutes_ago) {
  internal_ca ca = this->ca();
  const auto made = leaf(ca, {"example.test"});
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  EXPECT_EQ(made->not_before(), seconds - std::chrono::minutes(5));
  EXPECT_EQ(made->not_after(), seconds + std::chrono::hours(24 * 30));
}

TEST_F(internal_ca_of, one_folder_makes_its_root_once_and_keeps_the_key_to_itself) {
  internal_ca first = ca();
  const auto before = leaf(first, {"a.test"});
  const std::string root = base::read_file(root_path, 1 << 20).value();
  internal_ca second = ca();
  const auto after = leaf(second, {"b.test"});
  EXPECT_EQ(base::read_file(root_path, 1 << 20).value(), root);
  EXPECT_TRUE(second.has_issued(*before));
  EXPECT_TRUE(internal_ca::is_internal(*after));
  EXPECT_NE(before->serial_hex(), after->serial_hex());
  struct stat status {};
  ASSERT_EQ(::stat(root_key_path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(internal_ca_of, another_folder_is_another_ca) {
  const test_support::scratch_folder elsewhere;
  internal_ca here = ca();
  internal_ca there(
      elsewhere.path(), [this] { return now; }, base::logger("test"));
  const auto made = leaf(here, {"a.test"});
  EXPECT_FALSE(there.has_issued(*made)) << "without a root nothing is its own";
  (void)leaf(there, {"a.test"});
  EXPECT_FALSE(there.has_issued(*made));
  EXPECT_TRUE(here.has_issued(*made));
}

TEST_F(internal_ca_of, damaged_roots_says_the_remedy_and_replaces_nothing) {
  internal_ca ca = this->ca();
  const auto made = leaf(ca, {"a.test"});
  ASSERT_TRUE(base::write_file_atomically(root_key_path, "nonsense", 0600));
  const std::string root = base::read_file(root_path, 1 << 20).value();
  internal_ca again = this->ca();
  const auto refused = issue(again, {"a.test"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), make_error_code(errc::damaged_certificate));
  EXPECT_THAT(refused.error().message(), HasSubstr("restore both from a backup, or delete both"));
  EXPECT_EQ(base::read_file(root_key_path, 1 << 20).value(), "nonsense");
  EXPECT_EQ(base::read_file(root_path, 1 << 20).value(), root);
  EXPECT_TRUE(again.has_issued(*made)) << "nothing better could be issued";
  std::filesystem::remove(root_key_path);
  EXPECT_FALSE(issue(again, {"a.test"})) << "a root without its key";
  std::filesystem::remove(root_path);
  EXPECT_TRUE(issue(again, {"a.test"})) << "the remedy works";
}

TEST_F(internal_ca_of, an_old_root_ends_its_leaves_with_itself_and_is_then_refused) {
  internal_ca ca = this->ca();
  (void)leaf(ca, {"a.test"});
  now += std::chrono::hours(24 * 3645);
  const auto last = leaf(ca, {"a.test"});
  EXPECT_LT(last->not_after(), now + std::chrono::hours(24 * 8));
  now += std::chrono::hours(24 * 10);
  const auto refused = issue(ca, {"a.test"});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("expired"));
}

TEST_F(internal_ca_of, a_request_that_is_not_signed_by_its_key_is_refused) {
  internal_ca ca = this->ca();
  const auto key = make_key(config::key_type::ec256).value();
  std::string der = make_csr(key.get(), {"a.test"}).value();
  der.back() = static_cast<char>(der.back() ^ 1);
  base::asio::io_context io;
  base::result<std::string> out;
  base::task_group tasks(io.get_executor(), base::logger("test"));
  tasks.spawn(issue_into(ca, {{"a.test"}, der}, out));
  io.run();
  EXPECT_FALSE(out);
}

}  // namespace
}  // namespace cardea::autocert
