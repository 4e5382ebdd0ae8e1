#include "tasuki/report/report.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "tasuki/error/error.h"
#include "tasuki/report/sections.h"
#include "tests/core/report/markup_reader.h"

namespace tasuki::report {
namespace {

Report full_report(const std::string& name) {
  Report report;
  report.title = name;
  report.facts = {{name, name}};
  report.protocol_notes = {name};
  report.averaging = name;
  report.metrics = {{"seg", "miou", "", 0.5, true, true},
                    {"depth", "abs_err", "m", 0.25, false, true},
                    {"depth", "rmse", "m", NAN, false, false},
                    {name, name, name, 1, true, false}};
  report.history = {{"loss/seg", {1, 2}, {3, 2}},    {"loss/depth", {1, 2}, {1, NAN}},
                    {"lr", {1, 2}, {0.1, 0.05}},     {"val/seg.miou", {1, 2}, {0.4, 0.5}},
                    {"val/depth.abs_err", {1}, {1}}, {name, {1}, {1}}};
  report.best_epoch = 2;
  report.confusions = {{name, {name, "b"}, {{1, 2}, {3, 4}}}};
  const cv::Mat picture(4, 6, CV_8UC3, cv::Scalar(1, 2, 3));
  report.panels = {
      {name,
       name,
       {{name, picture}, {"label", picture}},
       {ClassLegend{name, {{name, {1, 2, 3}}}}, ColourBar{name, name, 0, 1, "turbo"}}}};
  report.config = name;
  report.command = name;
  return report;
}

TEST(Report, IsWellFormedAndHoldsNoMarkupOfOthers) {
  const std::string hostile =
      "</script></title></style>\"'><script>alert(1)</script><img src=x onerror=alert(1)>\x01\xff";
  const MarkupReader plain(render_report(full_report("run")));
  const MarkupReader reader(render_report(full_report(hostile)));
  EXPECT_EQ(plain.problem(), "");
  EXPECT_EQ(reader.problem(), "");
  ASSERT_EQ(reader.tags().size(), plain.tags().size());
  for (size_t i = 0; i < plain.tags().size(); ++i) {
    EXPECT_EQ(reader.tags()[i].name, plain.tags()[i].name);
  }
}

TEST(Report, LoadsNothing) {
  const std::string page = render_report(full_report("run"));
  EXPECT_EQ(count(page, "http://") + count(page, "https://"), 0u);
  EXPECT_EQ(count(page, "url(") + count(page, "@import"), 0u);
  const MarkupReader reader(page);
  for (const auto& tag : reader.tags()) {
    EXPECT_TRUE(tag.name != "link" && tag.name != "iframe" && tag.name != "object");
    for (const auto& [name, value] : tag.attributes) {
      EXPECT_TRUE(name != "src" || value.rfind("data:image/", 0) == 0) << value;
      EXPECT_TRUE(name != "href" || value.rfind("#", 0) == 0) << value;
      EXPECT_NE(name.substr(0, 2), "on") << "scripts in attributes";
    }
  }
}

TEST(Report, HasEveryPartAndEveryLinkOfItsNavigation) {
  const std::string page = render_report(full_report("run"));
  for (const char* id : {"metrics", "curves", "confusion", "predictions", "reproduce"}) {
    EXPECT_EQ(count(page, "<section id=\"" + std::string(id) + "\">"), 1u) << id;
    EXPECT_EQ(count(page, "href=\"#" + std::string(id) + "\""), 1u) << id;
  }
}

TEST(Report, LeavesOutEmptyParts) {
  Report report;
  report.title = "nothing yet";
  const MarkupReader reader(render_report(report));
  EXPECT_EQ(reader.problem(), "");
  EXPECT_EQ(reader.count("section") + reader.count("table") + reader.count("figure"), 0u);
}

TEST(Report, EveryPictureHasWordsAndEveryHeaderCellAScope) {
  const MarkupReader reader(render_report(full_report("run")));
  for (const auto& tag : reader.tags()) {
    const std::string needed = tag.name == "img" ? "alt" : tag.name == "th" ? "scope" : "";
    bool found = needed.empty();
    for (const auto& [name, value] : tag.attributes) found |= name == needed && !value.empty();
    EXPECT_TRUE(found) << tag.name;
  }
}

TEST(Report, AClassOfNeitherLabelNorPredictionIsAbsent) {
  const ReportConfusion confusion{
      "seg", {"a", "b", "c", "d"}, {{6, 2, 0, 0}, {1, 3, 0, 0}, {0, 0, 0, 0}, {0, 4, 0, 0}}};
  const auto iou = class_iou(confusion);
  EXPECT_DOUBLE_EQ(iou[0], 6. / 9);
  EXPECT_DOUBLE_EQ(iou[1], 3. / 10);
  EXPECT_TRUE(std::isnan(iou[2]));
  EXPECT_EQ(iou[3], 0) << "in the labels, never found: counts as zero";
  EXPECT_EQ(absent_classes(confusion), std::vector<std::string>{"c"});
  Report report;
  report.metrics = {{"seg", "miou", "", 0.3, true, true}};
  report.confusions = {confusion};
  EXPECT_EQ(count(render_report(report), "so not in the mean: c."), 1u);
}

TEST(Report, AConfusionThatIsNotSquareIsAnError) {
  Report report;
  report.confusions = {{"seg", {"a", "b"}, {{1, 2}, {3}}}};
  EXPECT_THROW(render_report(report), Error);
}

TEST(Report, LinesThatCanBeComparedShareAChart) {
  Report report;
  report.metrics = {{"depth", "abs_err", "m", 1, false, true},
                    {"depth", "rmse", "m", 1, false, true},
                    {"depth", "abs_rel", "", 1, false, true},
                    {"depth", "delta1", "", 1, true, true},
                    {"normal", "11.25", "", 1, true, true}};
  for (const char* name : {"loss/seg", "loss/depth", "lr", "val/depth.abs_err", "val/depth.rmse",
                           "val/depth.abs_rel", "val/depth.delta1", "val/normal.11.25"}) {
    report.history.push_back({name, {1, 2}, {1, 2}});
  }
  std::vector<std::string> lines;
  for (const auto& chart : charts_of(report)) {
    std::string text = chart.title + ":";
    for (const auto& series : chart.series) text += " " + series.name;
    lines.push_back(text);
  }
  EXPECT_EQ(lines, (std::vector<std::string>{"loss: seg depth", "lr: lr",
                                             "depth (val): abs_err rmse", "depth (val): abs_rel",
                                             "depth (val): delta1", "normal (val): 11.25"}));
}

TEST(Report, LossesOverDecadesAreLogarithmic) {
  Report report;
  report.history = {{"loss/seg", {1, 2, 3}, {100, 1, NAN}},
                    {"lr", {1, 2}, {0.1, 0}},
                    {"other/x", {1, 2}, {3, 1}}};
  const auto charts = charts_of(report);
  EXPECT_EQ(charts[0].y_scale, AxisScale::kLog);
  EXPECT_EQ(charts[1].y_scale, AxisScale::kLinear);
  EXPECT_EQ(charts[2].y_scale, AxisScale::kLinear);
}

TEST(Report, ALegendIsShownOnceForPanelsThatShareIt) {
  Report report;
  const cv::Mat picture(2, 2, CV_8UC3, cv::Scalar(0, 0, 0));
  for (const double high : {5., 5., 9.}) {
    report.panels.push_back(
        {"s", "depth", {{"label", picture}}, {ColourBar{"label", "m", 0, high, "turbo"}}});
  }
  EXPECT_EQ(count(render_report(report), "class=\"legends\""), 2u);
}

TEST(Report, TheFileAppearsWholeAndAlone) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("tasuki_report_" + std::to_string(getpid()));
  const auto file = folder / "report.html";
  write_report(full_report("first"), file);
  write_report(full_report("second"), file);
  std::ostringstream bytes;
  bytes << std::ifstream(file).rdbuf();
  EXPECT_EQ(bytes.str(), render_report(full_report("second")));
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++files;
  EXPECT_EQ(files, 1u);
  Report broken = full_report("third");
  broken.confusions[0].counts.pop_back();
  EXPECT_THROW(write_report(broken, file), Error);
  std::ostringstream after;
  after << std::ifstream(file).rdbuf();
  EXPECT_EQ(after.str(), bytes.str()) << "a report that can't be made leaves the old one";
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tasuki::report
