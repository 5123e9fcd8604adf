#!/usr/bin/env python3
"""Each rule of check_includes.py, shown a small tree that breaks it."""
import os
import unittest

import check_includes
import small_tree

RULES = """
[modules]
base:
autocert: base
proxy: base
proxy/net: base
proxy/http: base proxy/net
api: base autocert/status.hpp
app: *
[third-party]
spdlog/: base/log.*
openssl/: base/** proxy/tls/**
[roots]
app/main.cpp
"""


class check_includes_test(small_tree.case):
    def problems(self, part, files):
        self.write({"tests/lint/modules.txt": RULES, "app/main.cpp": "", **files})
        check = check_includes.checker(self.dir, os.path.join(self.dir, "tests/lint/modules.txt"))
        return list(getattr(check, part)())

    def test_an_edge_that_is_not_in_the_table(self):
        found = self.problems("edges", {
            "proxy/server.cpp": '#include "base/log.hpp"\n\n#include "autocert/status.hpp"\n',
            "base/log.hpp": "", "autocert/status.hpp": ""})
        self.assertEqual(found, ["proxy/server.cpp:3: proxy may not include autocert/status.hpp (allowed: base)"])

    def test_a_single_header_of_a_module_can_be_allowed(self):
        found = self.problems("edges", {
            "api/cert.cpp": '#include "autocert/status.hpp"\n#include "autocert/provider.hpp"\n',
            "autocert/status.hpp": "", "autocert/provider.hpp": ""})
        self.assertEqual(found, [
            "api/cert.cpp:2: api may not include autocert/provider.hpp (allowed: base autocert/status.hpp)"])

    def test_a_sub_folder_may_not_include_its_module(self):
        found = self.problems("edges", {
            "proxy/net/socket.cpp": '#include "proxy/http/head.hpp"\n#include "proxy/server.hpp"\n',
            "proxy/http/head.hpp": '#include "proxy/net/task.hpp"\n', "proxy/net/task.hpp": "",
            "proxy/server.hpp": '#include "proxy/http/head.hpp"\n'})
        self.assertEqual(found, [
            "proxy/net/socket.cpp:1: proxy/net may not include proxy/http/head.hpp (allowed: base)",
            "proxy/net/socket.cpp:2: proxy/net may not include proxy/server.hpp (allowed: base)"])

    def test_production_does_not_include_tests_and_tests_include_everything(self):
        found = self.problems("edges", {
            "base/log.cpp": '#include "tests/support/clock.hpp"\n', "tests/support/clock.hpp": "",
            "tests/unit/x_test.cpp": '#include "base/log.hpp"\n#include "app/main.hpp"\n',
            "base/log.hpp": "", "app/main.hpp": ""})
        self.assertEqual(found, ["base/log.cpp:1: production code includes tests/support/clock.hpp"])

    def test_a_path_that_does_not_start_at_the_root(self):
        found = self.problems("edges", {"base/log.cpp": '#include "log.hpp"\n', "base/log.hpp": ""})
        self.assertEqual(found, ['base/log.cpp:1: "log.hpp" is not a file of this tree (paths start at its root)'])

    def test_a_folder_without_a_row(self):
        found = self.problems("missing_rows", {
            "proxy/http2/session.cpp": "", "extra/thing.cpp": "", "proxy/server.cpp": "", "base/x/y.cpp": ""})
        self.assertEqual(found, ["extra/thing.cpp:1: extra has no row in modules.txt",
                                 "proxy/http2/session.cpp:1: proxy/http2 has no row in modules.txt"])

    def test_a_cycle_of_components_through_their_sources(self):
        found = self.problems("cycles", {
            "base/a.hpp": "", "base/a.cpp": '#include "base/a.hpp"\n#include "base/b.hpp"\n',
            "base/b.hpp": '#include "base/c.hpp"\n', "base/c.hpp": "",
            "base/c.cpp": '#include "base/c.hpp"\n#include "base/a.hpp"\n'})
        self.assertEqual(found, ["include cycle: base/a -> base/b -> base/c -> base/a"])

    def test_a_source_that_includes_its_own_header_is_no_cycle(self):
        found = self.problems("cycles", {"base/a.hpp": "", "base/a.cpp": '#include "base/a.hpp"\n'})
        self.assertEqual(found, [])

    def test_a_third_party_header_outside_its_place(self):
        found = self.problems("third_party", {
            "base/log.cpp": "#include <spdlog/spdlog.h>\n", "proxy/tls/stream.cpp": "#include <openssl/ssl.h>\n",
            "proxy/server.cpp": "\n#include <spdlog/sink.h>\n#include <openssl/ssl.h>\n#include <vector>\n"})
        self.assertEqual(found, ["proxy/server.cpp:2: <spdlog/sink.h> is not for here (allowed: base/log.*)",
                                 "proxy/server.cpp:3: <openssl/ssl.h> is not for here (allowed: base/** proxy/tls/**)"])

    def test_the_own_header_comes_first(self):
        found = self.problems("own_header_first", {
            "base/a.hpp": "", "base/a.cpp": '#include <vector>\n#include "base/a.hpp"\n',
            "base/b.cpp": "#include <vector>\n"})
        self.assertEqual(found, ['base/a.cpp:1: the first include must be "base/a.hpp", which proves it self-contained'])

    def test_a_dead_file(self):
        found = self.problems("dead", {
            "app/main.cpp": '#include "base/live.hpp"\n', "base/live.hpp": "",
            "base/live.cpp": '#include "base/live.hpp"\n#include "base/inner.hpp"\n', "base/inner.hpp": "",
            "base/part.cpp": '#include "base/inner.hpp"\n', "base/dead.hpp": "",
            "base/dead.cpp": '#include "base/dead.hpp"\n#include "base/inner.hpp"\n',
            "base/tested.hpp": "", "tests/unit/base/tested_test.cpp": '#include "base/tested.hpp"\n'})
        reason = "dead: neither the program nor a test, benchmark or fuzz target reaches it"
        self.assertEqual(found, [f"base/dead.cpp:1: {reason}", f"base/dead.hpp:1: {reason}"])

    def test_a_root_that_does_not_exist(self):
        self.write({"tests/lint/modules.txt": RULES, "base/a.hpp": ""})
        check = check_includes.checker(self.dir, os.path.join(self.dir, "tests/lint/modules.txt"))
        self.assertEqual(list(check.dead()), ["app/main.cpp:1: a root in modules.txt that does not exist"])


if __name__ == "__main__":
    small_tree.main()
