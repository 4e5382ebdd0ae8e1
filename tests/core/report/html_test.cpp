#include "tasuki/report/html.h"

#include <gtest/gtest.h>

#include "tests/core/report/markup_reader.h"

namespace tasuki::report {
namespace {

TEST(Html, EscapesWhatMarkupIsMadeOf) {
  EXPECT_EQ(escape("<a href='x'>&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;");
  EXPECT_EQ(escape("&amp;"), "&amp;amp;");
  EXPECT_EQ(escape(""), "");
}

TEST(Html, KeepsUtf8OfEveryLength) {
  const std::string text = "tab\t line\n \u00e9 \u8949 \U0001F3BD \u007f";
  EXPECT_EQ(escape(text), text);
}

TEST(Html, ReplacesEveryByteThatIsNotUtf8OrNotAllowedInXml) {
  const std::string bad = "\uFFFD";
  EXPECT_EQ(escape(std::string_view("\0", 1)), bad);
  EXPECT_EQ(escape("\x1b[0m"), bad + "[0m");
  EXPECT_EQ(escape("\xff"), bad);
  EXPECT_EQ(escape("\xc0\xaf"), bad + bad) << "overlong slash";
  EXPECT_EQ(escape("\xe0\x80\xbc"), bad + bad + bad) << "overlong <";
  EXPECT_EQ(escape("\xed\xa0\x80"), bad + bad + bad) << "surrogate";
  EXPECT_EQ(escape("\xf4\x90\x80\x80"), bad + bad + bad + bad) << "beyond U+10FFFF";
  EXPECT_EQ(escape("\xef\xbf\xbf"), bad + bad + bad) << "U+FFFF";
  EXPECT_EQ(escape("\xe8\xa5"), bad + bad) << "cut off";
  EXPECT_EQ(escape("\xe8<b"), bad + "&lt;b") << "a cut-off letter must not swallow markup";
}

TEST(Html, EveryByteSequenceBecomesWellFormedText) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = {char(first), char(second), '<'};
      const MarkupReader reader(element("p", {{"title", text}}, text).markup());
      ASSERT_EQ(reader.problem(), "") << first << " " << second;
      ASSERT_EQ(reader.tags().size(), 1u);
      ASSERT_EQ(reader.text().substr(reader.text().size() - 4), "&lt;");
    }
  }
}

TEST(Html, ElementsNestAndStringsAreText) {
  const Html inner = element("b", {}, "a < b");
  EXPECT_EQ(element("p", {{"class", "x\"y"}}, inner + " & more").markup(),
            "<p class=\"x&quot;y\"><b>a &lt; b</b> &amp; more</p>");
}

TEST(Html, VoidElementsCloseThemselvesAndOthersNeverDo) {
  EXPECT_EQ(element("img", {{"alt", ""}}).markup(), "<img alt=\"\" />");
  EXPECT_EQ(element("span", {}).markup(), "<span></span>");
}

TEST(MarkupReader, SeesWhatIsNotWellFormed) {
  for (const char* bad : {"<p>", "</p>", "<p><b></p></b>", "<p a=1></p>", "<p a=\"1></p>", "a & b",
                          "<p a=\"<\"></p>", "<p a=\"1\" a=\"2\"></p>", "<p", "<>"}) {
    EXPECT_NE(MarkupReader(bad).problem(), "") << bad;
  }
  EXPECT_EQ(MarkupReader("<!DOCTYPE html>\n<p a=\"1\">x<br /></p>").problem(), "");
}

}  // namespace
}  // namespace tasuki::report
