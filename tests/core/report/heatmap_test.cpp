#include "tasuki/report/heatmap.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tasuki/error/error.h"
#include "tests/core/report/markup_reader.h"

namespace tasuki::report {
namespace {

Heatmap map_of(size_t size, HeatmapCell cell) {
  Heatmap map{"gain", "from", "to", {}, {}, {}};
  for (size_t i = 0; i < size; ++i) map.rows.push_back("task " + std::to_string(i));
  map.columns = map.rows;
  map.cells.assign(size, std::vector<HeatmapCell>(size, cell));
  return map;
}

TEST(Heatmap, IsATableWithNamedRowsAndColumns) {
  const MarkupReader reader(heatmap(map_of(3, {0.5, "50", "half"})).markup());
  EXPECT_EQ(reader.problem(), "");
  EXPECT_EQ(reader.count("td"), 9u);
  EXPECT_EQ(reader.count("tr"), 4u);
  EXPECT_EQ(reader.count("th"), 7u);
  for (const auto& tag : reader.tags()) {
    if (tag.name != "th") continue;
    bool scoped = false;
    for (const auto& attribute : tag.attributes) scoped |= attribute.first == "scope";
    EXPECT_TRUE(scoped);
  }
}

TEST(Heatmap, ShadeIsClampedAndItsSignIsTheHue) {
  const auto cell = [](double shade) { return heatmap(map_of(1, {shade, "x", "tip"})).markup(); };
  EXPECT_NE(cell(0.3).find("class=\"positive\" style=\"--shade:0.3\""), std::string::npos);
  EXPECT_NE(cell(-0.3).find("class=\"negative\" style=\"--shade:0.3\""), std::string::npos);
  EXPECT_NE(cell(7).find("class=\"positive strong\" style=\"--shade:1\""), std::string::npos);
  EXPECT_NE(cell(-0.6).find("class=\"negative middle\""), std::string::npos);
  EXPECT_NE(cell(NAN).find("style=\"--shade:0\""), std::string::npos);
}

TEST(Heatmap, ManyColumnsKeepTooltipsOnly) {
  const std::string markup = heatmap(map_of(21, {0.5, "CELLTEXT", "TIP"})).markup();
  EXPECT_EQ(markup.find("CELLTEXT"), std::string::npos);
  EXPECT_NE(markup.find("title=\"TIP\""), std::string::npos);
}

TEST(Heatmap, HostileNamesStayText) {
  Heatmap map = map_of(1, {1, "<script>", "\"><script>"});
  map.caption = map.row_axis = map.column_axis = map.rows[0] = map.columns[0] = "\"><script>";
  const MarkupReader reader(heatmap(map).markup());
  EXPECT_EQ(reader.problem(), "");
  EXPECT_EQ(reader.count("script"), 0u);
}

TEST(Heatmap, CellsThatDoNotFitAreAnError) {
  Heatmap map = map_of(2, {});
  map.cells[1].pop_back();
  EXPECT_THROW(heatmap(map), Error);
  map = map_of(2, {});
  map.cells.pop_back();
  EXPECT_THROW(heatmap(map), Error);
}

}  // namespace
}  // namespace tasuki::report
