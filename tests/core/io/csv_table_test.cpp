#include "tasuki/io/csv_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tasuki/error/error.h"

namespace tasuki {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(CsvTable, TakesRowsAfterTheTitles) {
  EXPECT_THAT(csv_rows("# source\nid,name\n\n1,a b\r\n2,\n# end\n,x"),
              ElementsAre(ElementsAre("1", "a b"), ElementsAre("2", ""), ElementsAre("", "x")));
  EXPECT_THAT(csv_rows("id,name\n"), IsEmpty());
  EXPECT_THAT(csv_rows(""), IsEmpty());
}

TEST(CsvTable, RowsOfAnotherLengthAreErrors) {
  try {
    csv_rows("# source\nid,name\n1,a\n2,b,c\n");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("line 4 has 3 cells where 2 are expected"));
  }
}

}  // namespace
}  // namespace tasuki
