"""A tree with one breach of each rule, and one without any, for check_rules.py."""
import os
import tempfile
import unittest

import check_rules


class CheckRulesTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def found(self):
        return list(check_rules.breaches(self.folder.name))

    def test_a_good_tree_has_none(self):
        self.write("core/a.h", "#pragma once\n")
        self.write("core/a.cpp", '#include "tasuki/a.h"\nint f(int a) {\n  return a;\n}\n')
        self.write("plugins/tasks/b.cpp", '#include "tasuki/a.h"\n#include "plugins/tasks/b.h"\n')
        self.write("tools/c.cpp", '#include "tasuki/a.h"\n')
        self.write("README.md", "# One two\n[a](core/a.h) [b](#one-two) [c](https://x.y/z)\n")
        self.assertEqual(self.found(), [])

    def test_long_files(self):
        self.write("core/a.cpp", "\n" * 501)
        self.assertEqual(self.found(), ["core/a.cpp: 501 lines; at most 500"])

    def test_long_functions(self):
        body = "  f();\n" * 59
        self.write("core/a.cpp", "namespace x {\nvoid f(int a,\n       int b) {\n" + body + "}\n}\n")
        self.assertEqual(self.found(), ["core/a.cpp:2: a function of 62 lines; at most 60"])

    def test_long_templates(self):
        body = "  f();\n" * 60
        self.write("core/a.h", "#pragma once\ntemplate <class T>\nvoid f(T a) {\n" + body + "}\n")
        self.write("core/b.h", "#pragma once\ntemplate <class T>\nclass F {\n" + body + "};\n")
        self.assertEqual(self.found(), ["core/a.h:3: a function of 62 lines; at most 60"])

    def test_includes_against_the_arrows(self):
        self.write("core/a.cpp", '#include "plugins/tasks/b.h"\n#include "tools/c.h"\n')
        self.write("tools/c.cpp", '#include "datasets/rooms/d.h"\n#include "core/f.h"\n')
        self.write("plugins/tasks/b.cpp", '#include "plugins/decoders/e.h"\n')
        self.assertEqual(len(self.found()), 5)

    def test_headers_without_pragma(self):
        self.write("core/a.h", "int a;\n")
        self.assertEqual(self.found(), ["core/a.h: no #pragma once"])

    def test_counts_of_processors_outside_their_place(self):
        self.write("core/system/a.cpp", "int a = sched_getaffinity(0, 0, nullptr);\n")
        self.write("tests/core/system/a.cpp", "int a = sched_getaffinity(0, 0, nullptr);\n")
        self.write("tools/b.cpp", "\nint b = std::thread::hardware_concurrency();\n")
        self.assertEqual(self.found(), ["tools/b.cpp:2: hardware_concurrency; ask "
                                        "usable_processors() of core/system/processors.h"])

    def test_plugins_that_the_core_names(self):
        self.write("plugins/a.cpp", 'TASUKI_REGISTER(Weighting, EW,\n                options::EW, "x/EW");\n')
        self.write("core/a.cpp", '// "x/EW"\n/* "x/EW" */\nauto a = "x/EWald x/E [x/EW] {}";\n')
        self.write("core/b.cpp", 'auto a = R"(\n"x/EW")";  // here\nauto b = "\\"// ";\nauto c = "x/EW";\n')
        self.write("core/c.h", '#pragma once\n// a "x/EWald\nconst char* d = "ax/EW x/EW2";\n')
        self.write("tools/a.cpp", 'auto a = "x/EW";\n')
        self.assertEqual(self.found(), [
            f"core/{place}: the core names the plugin x/EW; take it from a config"
            for place in ("a.cpp:3", "b.cpp:1", "b.cpp:4")])

    def test_examples_that_nothing_compiles(self):
        self.write("core/a.h", "#pragma once\n// Makes.\n//\n// Example:\n//   A a(1);  // makes\n//   a.go();\n"
                               "// Example:\n//   B b;\nclass A;\n")
        self.write("tests/core/examples/e.cpp", "void f() {\n  A a(1);\n  a\n      .go();\n}\n")
        self.assertEqual(self.found(), [
            "core/a.h:7: no test in tests/core/examples compiles this example"])

    def test_links_that_lead_nowhere(self):
        self.write("docs/a.md", "# Here\n[x](b.md) [y](a.md#there) [z](../docs/a.md#here)\n"
                                "```\n[in code](nowhere.md)\n```\n")
        self.assertEqual(self.found(), ["docs/a.md: the link b.md leads nowhere",
                                        "docs/a.md: the link a.md#there has no such heading"])


if __name__ == "__main__":
    unittest.main()
