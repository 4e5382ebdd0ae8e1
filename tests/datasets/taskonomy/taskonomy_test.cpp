#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tasuki/io/csv_table.h"
#include "tasuki/io/files.h"
#include "tests/datasets/taskonomy/taskonomy_tree_test.h"

namespace tasuki {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::make;
using ::testing::Not;
using testing::TaskonomyTree;
using Taskonomy = testing::TaskonomyTest;

std::vector<std::vector<std::string>> rows(const char* file) {
  return csv_rows(read_file(fs::path(TASUKI_SOURCE_DIR) / "datasets/taskonomy" / file));
}

// Buildings of a split in a size and the smaller ones.
int count(const std::string& split, const std::vector<std::string>& sizes) {
  const auto table = rows("buildings.csv");
  return int(std::count_if(table.begin(), table.end(), [&](const auto& row) {
    return row[1] == split && std::count(sizes.begin(), sizes.end(), row[2]) == 1;
  }));
}

TEST(TaskonomyTables, HaveAsManyBuildingsAsTheOfficialFiles) {
  std::set<std::string> names;
  for (const auto& row : rows("buildings.csv")) names.insert(row[0]);
  EXPECT_EQ(names.size(), 537u);
  const std::vector<std::string> sizes = {"tiny", "medium", "full", "fullplus"};
  const std::vector<std::array<int, 3>> official = {
      {25, 5, 5}, {99, 20, 19}, {346, 67, 69}, {383, 75, 79}};
  for (size_t i = 0; i < sizes.size(); ++i) {
    const std::vector<std::string> up_to(sizes.begin(), sizes.begin() + long(i) + 1);
    EXPECT_EQ(count("train", up_to), official[i][0]) << sizes[i];
    EXPECT_EQ(count("val", up_to), official[i][1]) << sizes[i];
    EXPECT_EQ(count("test", up_to), official[i][2]) << sizes[i];
  }
}

TEST(TaskonomyTables, TinyIsTheDefault) {
  const testing::TemporaryFolder root;
  const TaskonomyTree tree(root.path(), 18);
  const auto data = make<Dataset>("tasuki/Taskonomy", "", {root.path()});
  EXPECT_THAT(data->splits(), ElementsAre("train", "val", "test"));
  EXPECT_EQ(data->size("train"), 50u);
  EXPECT_EQ(data->size("val"), 10u);
  EXPECT_EQ(data->size("test"), 10u);
  const auto without = make<Dataset>("tasuki/Taskonomy", "exclude: 'woodbine'", {root.path()});
  EXPECT_EQ(without->size("train"), 48u);
  EXPECT_EQ(without->size("test"), 10u);
}

TEST_F(Taskonomy, SplitsAreByBuilding) {
  const auto data = dataset();
  EXPECT_THAT(data->ids("train"), ElementsAre("hanson/point_0_view_0", "hanson/point_10_view_2",
                                              "merom/point_0_view_0", "merom/point_10_view_2"));
  EXPECT_THAT(data->ids("val"),
              ElementsAre("wiconisco/point_0_view_0", "wiconisco/point_10_view_2"));
  EXPECT_EQ(data->ids("test")[0], "ihlen/point_0_view_0");
  fs::remove_all(tree_.folder("rgb", "wiconisco"));
  EXPECT_THAT(dataset()->splits(), ElementsAre("train", "test"));
}

TEST_F(Taskonomy, ViewsAreInOrderOfTheirNumbers) {
  for (const char* name : {"hanson/point_2_view_10", "hanson/point_2_view_9"}) {
    fs::copy_file(tree_.image(first_), tree_.image(name));
  }
  EXPECT_THAT(dataset("exclude: 'merom'")->ids("train"),
              ElementsAre("hanson/point_0_view_0", "hanson/point_2_view_9",
                          "hanson/point_2_view_10", "hanson/point_10_view_2"));
}

TEST_F(Taskonomy, ReadsEveryLayoutThatCirculates) {
  for (const auto layout :
       {TaskonomyTree::Layout::kBuildingDomain, TaskonomyTree::Layout::kDomainBuilding}) {
    const testing::TemporaryFolder root;
    const TaskonomyTree tree(root.path(), 18, {"merom"}, layout);
    const auto data = make<Dataset>("tasuki/Taskonomy", "present_only: true", {root.path()});
    EXPECT_EQ(data->size("train"), 2u);
    EXPECT_EQ(data->load("train", 1).fields.size(), 4u);
  }
  fs::remove_all(root_ / "taskonomy/rgb");
  EXPECT_THAT(failure(), AllOf(HasSubstr((root_ / "taskonomy").string()),
                               HasSubstr("neither rgb/taskonomy, nor rgb, nor BUILDING/rgb")));
}

TEST_F(Taskonomy, MissingBuildingsAreAnErrorUnlessAskedFor) {
  EXPECT_THAT(failure(""), AllOf(HasSubstr("31 of 35 buildings have no image below"),
                                 HasSubstr("klickitat, onaga, leonardo and 28 more"),
                                 HasSubstr("`present_only: true`")));
  EXPECT_THAT(failure("exclude: 'klickitat'"), HasSubstr("30 of 34 buildings"));
  const std::string others = "exclude: ['hanson', 'merom', 'wiconisco', 'ihlen']";
  EXPECT_THAT(failure("present_only: true " + others), HasSubstr("31 of 31 buildings"));
  EXPECT_EQ(failure("present_only: true"), "no error");
}

TEST_F(Taskonomy, FieldsThatAreNotReadNeedNoFiles) {
  for (const char* domain : {"segment_semantic", "depth_zbuffer", "normal", "point_info"}) {
    fs::remove_all(root_ / "taskonomy" / domain);
  }
  const auto data = dataset("seg: NOT_READ depth: NOT_READ normal: NOT_READ");
  EXPECT_EQ(data->load("train", 0).fields.size(), 1u);
  EXPECT_TRUE(data->class_names("seg").empty());
  EXPECT_EQ(dataset()->class_names("seg").size(), 17u);
  EXPECT_THAT(failure(), HasSubstr("segmentsemantic.png: can't be opened"));
}

TEST_F(Taskonomy, OptionalLabelsAreInvalidWhereTheyHaveNoFile) {
  fs::remove(tree_.file("depth_zbuffer", first_, "depth_zbuffer.png"));
  fs::remove(tree_.file("normal", first_, "normal.png"));
  fs::remove(tree_.file("point_info", first_, "point_info.json"));
  const auto data = dataset("depth: OPTIONAL normal: OPTIONAL camera: OPTIONAL");
  for (const size_t index : {0, 1}) {
    const Sample sample = data->load("train", index);
    for (const char* name : {"depth", "normal"}) {
      const auto& field = sample.field(name);
      EXPECT_EQ(cv::countNonZero(field.kind->valid_mask(field.value)) > 0, index == 1) << name;
      EXPECT_EQ(field.value.size(), cv::Size(kSide, kSide));
    }
    EXPECT_EQ(sample.camera.has_value(), index == 1);
  }
  EXPECT_THAT(failure("present_only: true depth: OPTIONAL"), HasSubstr("normal.png: can't be"));
}

TEST_F(Taskonomy, AnImageHasItsOwnCamera) {
  EXPECT_FALSE(dataset()->load("train", 0).camera);
  const auto expected = kSide / 2.0 / std::tan(testing::kTaskonomyView / 2);
  const auto check = [&] {
    const auto camera = dataset("camera: REQUIRED")->load("train", 0).camera;
    EXPECT_NEAR(camera->fx, expected, 1e-9);
    EXPECT_NEAR(camera->fy, expected, 1e-9);
    EXPECT_DOUBLE_EQ(camera->cx, (kSide - 1) / 2.0);
    EXPECT_DOUBLE_EQ(camera->cy, (kSide - 1) / 2.0);
  };
  check();
  fs::rename(tree_.file("point_info", first_, "point_info.json"),
             tree_.file("point_info", first_, "fixatedpose.json"));
  check();
}

TEST_F(Taskonomy, ErrorsOfCamerasNameFileAndNumber) {
  const auto camera = tree_.file("point_info", first_, "point_info.json");
  const std::string options = "present_only: true camera: REQUIRED";
  const auto message = [&](const std::string& text) {
    write_file_atomically(camera, text);
    return failure(options);
  };
  EXPECT_THAT(message("{"), AllOf(HasSubstr(camera.string()), HasSubstr("not a camera file")));
  EXPECT_THAT(message("{\"resolution\": 512}"), HasSubstr("field_of_view_rads"));
  EXPECT_THAT(message("{\"field_of_view_rads\": \"1\"}"), HasSubstr("not a camera file"));
  for (const char* wrong : {"0", "-1", "3.2", "60"}) {
    EXPECT_THAT(message(std::string("{\"field_of_view_rads\": ") + wrong + "}"),
                HasSubstr("an angle between 0 and pi"));
  }
  fs::remove(camera);
  EXPECT_THAT(failure(options), HasSubstr(camera.string()));
}

TEST_F(Taskonomy, ErrorsOfOptionsNameThem) {
  EXPECT_THAT(failure("exclude: 'merom' exclude: 'hansen'"),
              HasSubstr("exclude[1]: there is no building \"hansen\" (did you mean \"hanson\"?)"));
  EXPECT_THAT(failure("root: 'nowhere'"), AllOf(HasSubstr("nowhere"), HasSubstr("--data-root")));
  const auto all_of_val =
      "exclude: ['wiconisco', 'corozal', 'collierville', 'markleeville', "
      "'darden']";
  const TaskonomyTree all(root_.path(), 18);
  EXPECT_THAT(failure(all_of_val), HasSubstr("split \"val\" is empty"));
}

}  // namespace
}  // namespace tasuki
