#!/usr/bin/env python3
"""What check_budgets.py takes for a function, and what it refuses."""
import check_budgets
import small_tree


def body(lines):
    return "".join(f"  work({i});\n" for i in range(lines))


class function_scanner_test(small_tree.case):
    def names(self, text):
        return [name for name, _, _ in check_budgets.functions(text)]

    def test_counts_from_the_first_line_of_the_signature_to_the_closing_brace(self):
        text = "int f(int a,\n      int b) {\n  return a + b;\n}\n"
        self.assertEqual(check_budgets.functions("\n\n" + text), [("f", 3, 4)])

    def test_members_operators_templates_and_qualified_names(self):
        self.assertEqual(self.names("""
            namespace a::b {
            template <class T, class = void>
            struct box : base<T> {
             public:
              explicit box(T value) : value_(value), list_{1, 2}, other_{} { check(); }
              ~box() override { }
              bool operator==(const box& other) const noexcept { return true; }
              auto size() const -> std::size_t { return 1; }
             private:
              T value_{};
              std::array<int, 2> more_ = {1, 2};
            };
            template <class T>
            void box<T>::grow() { }
            }  // namespace a::b
            """), ["box", "~box", "operator==", "size", "box<T>::grow"])

    def test_what_stands_inside_a_function_is_part_of_it(self):
        self.assertEqual(self.names("void f() {\n  auto g = [](int x) { return x; };\n  struct s { int a() { return 1; } };\n}\n"), ["f"])

    def test_braces_in_literals_comments_and_macros_do_not_count(self):
        self.assertEqual(self.names('''
            #define OPEN(x) f(x) { \\
              {
            const char* a = "{ f() {"; char b = '{'; int c = 1'000;  // f() {
            const char* d = R"x(f() { " )x";
            void g() { h("}"); }
            '''), ["g"])

    def test_tables_and_braced_calls_are_no_functions(self):
        self.assertEqual(self.names("""
            constexpr row table[] = {{f(1), 2}, {f(3), 4}};
            const auto made = make({1, 2}, [](int x) { return x; });
            enum class e { a, b };
            extern "C" { int plain(); }
            void last() { }
            """), ["last"])

    def test_a_gtest_case_is_named_by_suite_and_case(self):
        self.assertEqual(self.names("TEST(store, keeps_it) {\n}\n"), ["store.keeps_it"])


class budget_test(small_tree.case):
    def problems(self, files, budgets=None):
        self.write(files)
        return check_budgets.check(self.dir, budgets or {})[0]

    def test_a_function_of_70_lines_passes_and_one_of_71_does_not(self):
        self.assertEqual(self.problems({"base/a.cpp": "void f() {\n" + body(68) + "}\n"}), [])
        self.assertEqual(self.problems({"base/a.cpp": "void f() {\n" + body(69) + "}\n"}),
                         ["base/a.cpp:1: f has 71 lines, at most 70"])

    def test_a_file_of_601_lines(self):
        self.assertEqual(self.problems({"base/a.cpp": "\n" * 600, "base/b.cpp": "\n" * 601}),
                         ["base/b.cpp:1: 601 lines, at most 600: split it by its nouns"])

    def test_an_exception_may_only_shrink(self):
        long = {"base/a.cpp": "void f() {\n" + body(78) + "}\n"}
        self.assertEqual(self.problems(long, {("base/a.cpp", "f"): 80}), [])
        self.assertEqual(self.problems(long, {("base/a.cpp", "f"): 79}), ["base/a.cpp:1: f has 80 lines, at most 79"])
        self.assertEqual(self.problems(long, {("base/a.cpp", "f"): 81}),
                         ["base/a.cpp:1: f shrank from 81 to 80 lines: write 80 in budgets.txt"])
        self.assertEqual(self.problems({"base/a.cpp": "void f() {\n}\n"}, {("base/a.cpp", "f"): 81}),
                         ["base/a.cpp:1: f shrank from 81 to 2 lines: strike it out in budgets.txt"])

    def test_an_exception_for_nothing(self):
        self.assertEqual(self.problems({"base/a.cpp": ""}, {("base/a.cpp", "f"): 80}),
                         ["base/a.cpp:1: f is in budgets.txt but not there"])


if __name__ == "__main__":
    small_tree.main()
