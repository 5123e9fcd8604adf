// Goal: files of one folder, whole and named rightly, and nothing beside it.
#include "tests/support/proxy_under_test.hpp"
#include "tests/support/scratch_folder.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace cardea::proxy {
namespace {

using tests::get;
using tests::http_answer;
using tests::proxy_under_test;
using tests::tls_client;

class file_server : public testing::Test {
 protected:
  file_server() {
    std::filesystem::create_directories(outside_ / "site/sub");
    write("site/index.html", "<p>index");
    write("site/sub/index.html", "<p>sub");
    write("site/style.css", "p{}");
    write("site/empty.txt", "");
    write("site/a b.bin", std::string("\0\1\2", 3));
    write("secret.txt", "secret");
    std::filesystem::create_symlink(outside_ / "secret.txt", outside_ / "site/absolute.txt");
    std::filesystem::create_symlink("../secret.txt", outside_ / "site/relative.txt");
    std::filesystem::create_symlink(outside_.path(), outside_ / "site/up");
    std::filesystem::create_symlink("style.css", outside_ / "site/inside.css");
    mkfifo((outside_ / "site/fifo").c_str(), 0600);
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(outside_ / name) << text;
  }

  [[nodiscard]] routing::route route(bool spa = false) const {
    routing::route out;
    out.name = "app.test";
    out.kind = routing::route::kind::files;
    out.files.root = outside_ / "site";
    out.files.spa = spa;
    return out;
  }

  const test_support::scratch_folder outside_;
};

TEST_F(file_server, serves_files_with_their_type_and_length) {
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  const struct {
    const char* path;
    std::string body;
    const char* type;
  } cases[] = {
      {"/", "<p>index", "text/html; charset=utf-8"},
      {"/index.html", "<p>index", "text/html; charset=utf-8"},
      {"/sub/", "<p>sub", "text/html; charset=utf-8"},
      {"/style.css?v=1", "p{}", "text/css; charset=utf-8"},
      {"/sub/../style.css", "p{}", "text/css; charset=utf-8"},
      {"/inside.css", "p{}", "text/css; charset=utf-8"},
      {"/%73tyle.css", "p{}", "text/css; charset=utf-8"},
      {"/empty.txt", "", "text/plain; charset=utf-8"},
      {"/a%20b.bin", std::string("\0\1\2", 3), "application/octet-stream"},
  };
  for (const auto& each : cases) {
    const http_answer answer = client.ask(get(each.path));
    EXPECT_EQ(answer.status, 200) << each.path;
    EXPECT_EQ(answer.body, each.body) << each.path;
    EXPECT_EQ(answer.value("Content-Type"), each.type) << each.path;
    EXPECT_EQ(answer.value("Content-Length"), std::to_string(each.body.size())) << each.path;
  }
}

TEST_F(file_server, head_says_what_get_would_and_sends_no_body) {
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  const http_answer got = client.ask(get("/style.css"));
  client.send("HEAD /style.css HTTP/1.1\r\nHost: app.test\r\n\r\n");
  EXPECT_EQ(client.answer(true).head, got.head);
  EXPECT_TRUE(client.stream().stays_silent(std::chrono::milliseconds(30)));
}

TEST_F(file_server, an_unchanged_file_is_not_sent_again) {
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  const std::string tag = client.ask(get("/style.css")).value("ETag");
  ASSERT_FALSE(tag.empty());
  for (const std::string& condition : {tag, "W/" + tag, "\"x\", " + tag, std::string("*")}) {
    const http_answer same = client.ask(get("/style.css", "If-None-Match: " + condition + "\r\n"));
    EXPECT_EQ(same.status, 304) << condition;
    EXPECT_EQ(same.value("ETag"), tag);
    EXPECT_FALSE(same.has("Content-Type"));
  }
  EXPECT_EQ(client.ask(get("/style.css", "If-None-Match: \"other\"\r\n")).status, 200);
  write("site/style.css", "p{color:red}");
  const http_answer changed = client.ask(get("/style.css", "If-None-Match: " + tag + "\r\n"));
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.body, "p{color:red}");
}

TEST_F(file_server, t07_nothing_outside_of_the_folder_is_served) {
  for (const bool spa : {false, true}) {
    const proxy_under_test proxy({route(spa)});
    for (const char* path :
         {"/../secret.txt", "/sub/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
          "/%2e%2e%2fsecret.txt", "/..%5csecret.txt", "/sub/..;/../secret.txt", "/absolute.txt",
          "/relative.txt", "/up/secret.txt", "/up/", "//secret.txt", "/./../secret.txt", "/up",
          "/sub/%2e%2e/%2e%2e/secret.txt", "/x%00/../../secret.txt"}) {
      tls_client client = proxy.connect();
      const http_answer answer = client.ask(get(path));
      EXPECT_EQ(answer.body.find("secret"), std::string::npos) << path;
      const bool refused = answer.status == 400 || answer.status == 404;
      EXPECT_TRUE(refused || (spa && answer.body == "<p>index")) << path << " " << answer.status;
    }
  }
}

TEST_F(file_server, what_is_no_file_is_not_found) {
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  for (const char* path : {"/missing", "/style.css/", "/style.css/more", "/fifo", "/missing/../missing"})
    EXPECT_EQ(client.ask(get(path)).status, 404) << path;
  std::filesystem::remove(outside_ / "site/sub/index.html");
  EXPECT_EQ(client.ask(get("/sub/")).status, 404) << "a folder is not listed";
}

TEST_F(file_server, a_folder_without_its_slash_is_redirected) {
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  const http_answer answer = client.ask(get("/sub?a=%20b&c"));
  EXPECT_EQ(answer.status, 301);
  EXPECT_EQ(answer.value("Location"), "./sub/?a=%20b&c");
  std::filesystem::create_directories(outside_ / "site/evil:x");
  EXPECT_EQ(client.ask(get("/evil:x")).value("Location"), "./evil:x/") << "no scheme";
  EXPECT_EQ(client.ask(get("//sub")).value("Location"), "./sub/") << "no other host";
}

TEST_F(file_server, names_that_begin_with_a_dot_are_hidden_unless_told) {
  std::filesystem::create_directories(outside_ / "site/.git");
  std::filesystem::create_directories(outside_ / "site/.well-known/.x");
  std::filesystem::create_directories(outside_ / "site/sub/.well-known");
  for (const char* name : {"site/.env", "site/.git/config", "site/.well-known/security.txt", "site/.well-known/.x/y",
                           "site/sub/.well-known/z"})
    write(name, "hidden");
  {
    const proxy_under_test proxy({route()});
    tls_client client = proxy.connect();
    for (const char* path : {"/.env", "/%2eenv", "/.git/config", "/sub/../.env", "/.git", "/.well-known/.x/y",
                             "/sub/.well-known/z"})
      EXPECT_EQ(client.ask(get(path)).status, 404) << path;
    EXPECT_EQ(client.ask(get("/.well-known/security.txt")).body, "hidden") << "RFC 8615";
  }
  routing::route open = route();
  open.files.dot_files = true;
  const proxy_under_test proxy({open});
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask(get("/.env")).body, "hidden");
  EXPECT_EQ(client.ask(get("/.git/config")).body, "hidden");
}

TEST_F(file_server, what_we_may_not_read_is_forbidden_and_what_is_gone_is_not_found) {
  if (geteuid() == 0) {  // root reads everything: a link to itself is what even root cannot open
    std::filesystem::create_symlink("loop", outside_ / "site/loop");
    const proxy_under_test proxy({route()});
    EXPECT_EQ(proxy.connect().ask(get("/loop")).status, 404);
  } else {
    write("site/closed.txt", "x");
    chmod((outside_ / "site/closed.txt").c_str(), 0);
    const proxy_under_test proxy({route()});
    EXPECT_EQ(proxy.connect().ask(get("/closed.txt")).status, 403);
  }
  const proxy_under_test proxy({route()});
  std::filesystem::remove_all(outside_ / "site");
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask(get("/index.html")).status, 404);
  EXPECT_EQ(client.ask(get("/")).status, 404);
}

TEST_F(file_server, a_folder_is_listed_when_told) {
  write("site/sub/<b>&.txt", "x");
  write("site/sub/.hidden", "x");
  write(std::string("site/sub/new\nline"), "x");
  std::filesystem::remove(outside_ / "site/sub/index.html");
  std::filesystem::create_symlink("../style.css", outside_ / "site/sub/inside.css");
  std::filesystem::create_symlink("../../secret.txt", outside_ / "site/sub/escape.txt");
  routing::route listed = route();
  listed.files.directory_listing = true;
  const proxy_under_test proxy({listed});
  tls_client client = proxy.connect();
  const http_answer page = client.ask(get("/sub/"));
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.value("Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(page.body.find("href=\"./%3Cb%3E%26.txt\">&lt;b&gt;&amp;.txt</a>"), std::string::npos) << page.body;
  EXPECT_EQ(client.ask(get("/sub/%3Cb%3E%26.txt")).status, 200) << "the link leads there";
  for (const char* name : {".hidden", "new", "escape"}) EXPECT_EQ(page.body.find(name), std::string::npos) << name;
  EXPECT_NE(page.body.find("inside.css"), std::string::npos);
  EXPECT_EQ(client.ask(get("/")).body, "<p>index") << "an index goes before the listing";
  client.send("HEAD /sub/ HTTP/1.1\r\nHost: app.test\r\n\r\n");
  EXPECT_EQ(client.answer(true).head, page.head);
}

TEST_F(file_server, a_listing_ends_at_its_maximum_and_says_so) {
  std::filesystem::remove(outside_ / "site/sub/index.html");
  for (int i = 0; i < 300; ++i) write("site/sub/file" + std::to_string(i), "");
  routing::route listed = route();
  listed.files.directory_listing = true;
  const auto rows = [](const std::string& page) {
    std::size_t count = 0;
    for (auto at = page.find("./file"); at != std::string::npos; at = page.find("./file", at + 1)) ++count;
    return count;
  };
  listed.files.directory_listing_max = 300;
  {
    const proxy_under_test proxy({listed});
    const std::string page = proxy.connect().ask(get("/sub/")).body;
    EXPECT_EQ(rows(page), 300U);
    EXPECT_EQ(page.find("more names"), std::string::npos);
  }
  listed.files.directory_listing_max = 299;
  const proxy_under_test proxy({listed});
  const std::string page = proxy.connect().ask(get("/sub/")).body;
  EXPECT_EQ(rows(page), 299U);
  EXPECT_NE(page.find("more names"), std::string::npos);
}

TEST_F(file_server, a_content_type_may_be_the_routes_own) {
  write("site/a.md", "x");
  write("site/b.FOO", "x");
  routing::route own = route();
  own.files.content_types = {{"md", "text/x-own"}, {"foo", "application/x-foo"}};
  const proxy_under_test proxy({own});
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask(get("/a.md")).value("Content-Type"), "text/x-own");
  EXPECT_EQ(client.ask(get("/b.FOO")).value("Content-Type"), "application/x-foo");
  EXPECT_EQ(client.ask(get("/style.css")).value("Content-Type"), "text/css; charset=utf-8");
}

TEST_F(file_server, an_application_of_one_page_answers_for_unknown_paths) {
  const proxy_under_test proxy({route(true)});
  tls_client client = proxy.connect();
  EXPECT_EQ(client.ask(get("/some/view")).body, "<p>index");
  EXPECT_EQ(client.ask(get("/style.css")).body, "p{}");
  EXPECT_EQ(client.ask(get("/sub/")).body, "<p>sub");
  EXPECT_EQ(client.ask(get("/sub")).status, 301) << "a folder with an index of its own";
  std::filesystem::remove(outside_ / "site/sub/index.html");
  EXPECT_EQ(client.ask(get("/sub/")).body, "<p>index");
  EXPECT_EQ(client.ask(get("/sub")).body, "<p>index");
  EXPECT_EQ(client.ask(get("/.env")).body, "<p>index");
}

TEST_F(file_server, files_are_only_read) {
  const proxy_under_test proxy({route()});
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"}) {
    tls_client client = proxy.connect();
    const http_answer answer =
        client.ask(std::string(method) + " /style.css HTTP/1.1\r\nHost: app.test\r\n\r\n");
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.value("Allow"), "GET, HEAD") << method;
  }
}

TEST_F(file_server, s33_the_body_of_a_request_for_a_file_is_no_request) {
  const proxy_under_test proxy({route()});
  tls_client client = proxy.connect();
  const std::string smuggled = get("/index.html");
  const http_answer answer =
      client.ask(get("/style.css", "Content-Length: " + std::to_string(smuggled.size()) + "\r\n") + smuggled);
  EXPECT_EQ(answer.body, "p{}");
  EXPECT_EQ(client.stream().read_to_end(), "");
}

TEST_F(file_server, a_big_file_arrives_whole_and_a_client_that_leaves_harms_nobody) {
  std::string big;
  for (int i = 0; big.size() < 4 * 1024 * 1024; ++i) big += std::to_string(i) + ";";
  write("site/big.bin", big);
  proxy_under_test proxy({route()});
  tls_client leaving = proxy.connect({.receive_bytes = 4096});
  leaving.send(get("/big.bin"));
  EXPECT_EQ(leaving.stream().read_bytes(1000).size(), 1000U);
  leaving.stream().reset();
  tls_client client = proxy.connect();
  for (int round = 0; round < 2; ++round) {
    const http_answer answer = client.ask(get("/big.bin"));
    EXPECT_TRUE(answer.body == big) << answer.body.size();
  }
  EXPECT_TRUE(tests::eventually([&] { return proxy.server().status().connections_open == 1; }));
}

TEST_F(file_server, without_a_folder_there_is_a_welcome_page) {
  routing::route welcome;
  welcome.name = "app.test";
  welcome.kind = routing::route::kind::files;
  const proxy_under_test proxy({welcome});
  const http_answer answer = proxy.connect().ask(get("/anything"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.body.find("Cardea is running"), std::string::npos);
}

}  // namespace
}  // namespace cardea::proxy
