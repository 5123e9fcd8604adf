#!/usr/bin/env python3
"""Each rule of words.txt, shown a line that breaks it and one that does not."""
import os

import check_words
import small_tree

RULES = check_words.read_rules(os.path.join(os.path.dirname(os.path.abspath(__file__)), "words.txt"))

# path, text, what is found (nothing: None)
TABLE = [
    ("proxy/a.cpp", "  co_spawn(x, y, asio::detached);", "asio::detached"),
    ("base/task_group.cpp", "  co_spawn(x, y, asio::detached);", None),
    ("proxy/a.cpp", "// not asio::detached", None),
    ("proxy/a.hpp", "class a : std::enable_shared_from_this<a> {", "enable_shared_from_this"),
    ("base/a.cpp", "using namespace std;", "using namespace"),
    ("base/a.cpp", "using namespace std::chrono_literals;", None),
    ("base/a.cpp", "static int f(int a) {", "static int f("),
    ("base/a.cpp", "static const int a = f(1);", None),
    ("base/a.hpp", "  static int f(int a);", None),
    ("base/a.hpp", "class connection_manager {", "class connection_manager"),
    ("base/a.hpp", "struct StringUtil {", "struct StringUtil"),
    ("base/a.hpp", "class server_impl;", "class server_impl"),
    ("base/a.hpp", "class implicit_grant;", None),
    ("base/a.cpp", "  std::cout << std::endl;", "std::endl"),
    ("tests/unit/a_test.cpp", "  GTEST_SKIP() << 1;", "GTEST_SKIP"),
    ("tests/unit/a_test.cpp", "TEST(a, DISABLED_b) {}", "DISABLED_b"),
    ("tests/unit/a_test.cpp", "std::this_thread::sleep_for(1s);", "sleep_for("),
    ("tests/component/a_test.cpp", "std::this_thread::sleep_for(1s);", None),
    ("base/a.cpp", "int a = rand_from(std::rand());", "std::rand"),
    ("base/a.cpp", "try { f(); } catch (...) { }", "catch (...) { }"),
    ("base/a.cpp", "try { f(); } catch (...) { log(); }", None),
    ("base/a.cpp", "// TODO: later", "TODO"),
    ("docs/a.md", "FIXME(#12) is numbered", None),
    ("docs/a.md", "see /home/someone/file", "/home/someone/"),
    ("deploy/a.sh", 'cd "$HOME/work/x" || exit', None),
    ("docs/a.md", "written as requested", "as requested"),
]


class check_words_test(small_tree.case):
    def test_every_row(self):
        for path, text, found in TABLE:
            with self.subTest(path=path, text=text):
                full = self.write({path: f"\n{text}\n"})
                problems = list(check_words.check(self.dir, RULES))
                os.remove(full)
                if found is None:
                    self.assertEqual(problems, [])
                else:
                    self.assertEqual(len(problems), 1, problems)
                    self.assertTrue(problems[0].startswith(f"{path}:2: {found}: "), problems)

    def test_every_rule_has_a_row_that_breaks_it(self):
        broken = {text for _, text, found in TABLE if found}
        for rule in RULES:
            self.assertTrue(any(rule.pattern.search(text) for text in broken), rule.pattern.pattern)


if __name__ == "__main__":
    small_tree.main()
