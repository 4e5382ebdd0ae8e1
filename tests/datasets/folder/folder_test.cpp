#include "tests/datasets/folder/folder_fixture.h"

namespace tasuki {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using testing::FolderTest;
using ::testing::HasSubstr;
using testing::kFields;
using testing::kSplits;

TEST_F(FolderTest, ReadsFieldsAsDescribed) {
  const auto data =
      dataset(std::string(kFields) + kSplits + "camera { fx: 5 fy: 6 cx: 2.5 cy: 1.5 }");
  const Sample sample = data->load("train", 3);
  EXPECT_EQ(sample.id, "a/3");
  EXPECT_EQ(sample.original_size, cv::Size(6, 4));
  EXPECT_EQ(sample.camera->fy, 6);
  EXPECT_EQ(sample.field("image").value.at<cv::Vec3b>(2, 2), cv::Vec3b(10, 20, 33));
  const cv::Mat& seg = sample.field("seg").value;
  EXPECT_EQ(seg.at<int>(0, 0), -1);
  EXPECT_EQ(seg.at<int>(0, 1), -1);
  EXPECT_EQ(seg.at<int>(0, 2), 0);
  EXPECT_EQ(seg.at<int>(3, 5), 1);
  EXPECT_FLOAT_EQ(sample.field("depth").value.at<float>(0, 0), 1.503f);
  EXPECT_EQ(sample.field("depth").value.at<float>(1, 1), 0);
  EXPECT_EQ(sample.field("depth").file, file("depth", "a/3").string());
  EXPECT_THAT(data->class_names("seg"), ElementsAre("wall", "chair"));
  EXPECT_TRUE(data->class_names("depth").empty());
}

TEST_F(FolderTest, SplitsShareNothingAndLoseNothing) {
  const auto data = dataset();
  EXPECT_THAT(data->splits(), ElementsAre("train", "val", "files"));
  EXPECT_THAT(data->ids("train"), ElementsAre("a/0", "a/1", "a/2", "a/3"));
  EXPECT_THAT(data->ids("val"), ElementsAre("a/4"));
  EXPECT_THAT(data->ids("files"), ElementsAre("a/0", "a/1", "a/2", "a/3", "a/4"));
  EXPECT_EQ(data->size("train"), 4u);
  EXPECT_THAT(message([&] { data->size("vall"); }), HasSubstr("did you mean \"val\""));
}

// The layout that prepared copies of NYUv2 and Cityscapes have: train/image/0.npy.
TEST_F(FolderTest, SplitsMayHaveFolders) {
  for (const char* split : {"train", "train/more"}) {
    for (int i = 0; i < 11; ++i) {
      const auto file = root_ / "set" / split / "image" / (std::to_string(i) + ".png");
      write_image(file, cv::Mat(4, 6, CV_8UC3, cv::Scalar(i, *split, split[5])));
    }
  }
  const std::string image = "root: 'set' field { name: 'image' extension: '.png' } ";
  const auto data = dataset(image +
                            "split { name: 'train' folder: 'train' to: 0.8 } "
                            "split { name: 'val' folder: 'train' from: 0.8 } "
                            "split { name: 'more' folder: 'train/more' from: 0.9 }");
  EXPECT_THAT(data->ids("val"), ElementsAre("train/9", "train/10"));
  EXPECT_THAT(data->ids("more"), ElementsAre("train/more/10"));
  const auto pixel = [&](const char* split, size_t index) {
    return data->load(split, index).field("image").value.at<cv::Vec3b>(0, 0);
  };
  EXPECT_EQ(pixel("val", 1), cv::Vec3b(10, 't', 0));
  EXPECT_EQ(pixel("more", 0), cv::Vec3b(10, 't', '/'));
  // Derived labels lie in one folder for all splits.
  write_image(root_ / "set/derived/train/10.png", cv::Mat(4, 6, CV_16UC1, cv::Scalar(7)));
  const auto derived =
      dataset(image +
              "field { name: 'depth' folder: 'derived' kind: 'tasuki/depth' above_splits: true } "
              "split { name: 'last' folder: 'train' from: 0.9 }");
  EXPECT_EQ(derived->load("last", 0).field("depth").value.at<float>(3, 5), 7);
  const auto failure = [&](const std::string& splits) {
    return message([&] { dataset(image + splits); });
  };
  EXPECT_THAT(failure("split { name: 'a' folder: 'train' } split { name: 'b' }"),
              HasSubstr("split[b].folder: all splits have one, or none has"));
  EXPECT_THAT(failure("split { name: 'a' folder: 'test' }"), HasSubstr("set/test/image"));
}

// "train/more/0" would be read from train/more, whichever of the two was meant.
TEST_F(FolderTest, IdsOfTwoSplitFoldersAreErrors) {
  const std::string options =
      "root: 'set' field { name: 'image' extension: '.png' } split { name: 'a' folder: 'train' } "
      "split { name: 'b' folder: 'train/more' } ";
  write_image(root_ / "set/train/image/0.png", cv::Mat(4, 6, CV_8UC3, cv::Scalar(1)));
  write_image(root_ / "set/train/more/image/0.png", cv::Mat(4, 6, CV_8UC3, cv::Scalar(2)));
  EXPECT_THAT(dataset(options)->ids("b"), ElementsAre("train/more/0"));
  write_image(root_ / "set/train/image/more/0.png", cv::Mat(4, 6, CV_8UC3, cv::Scalar(3)));
  EXPECT_THAT(message([&] { dataset(options); }),
              HasSubstr("split \"a\": the id train/more/0 might be in the folder train or in the "
                        "folder train/more"));
}

TEST_F(FolderTest, ListsOfTwoColumnsAreErrors) {
  write_file_atomically(root_ / "set/two.txt", "a/0  1\na/1 -1\n");
  EXPECT_THAT(
      message([&] { dataset(std::string(kFields) + "split { name: 's' list: 'two.txt' }"); }),
      AllOf(HasSubstr("two.txt: id \"a/0  1\""), HasSubstr("the list has more than one column")));
}

// The one folder with capitals among others.
TEST_F(FolderTest, EndingsMayBeInCapitals) {
  std::filesystem::rename(file("image", "a/1"), root_ / "set/image/a/1.PNG");
  std::filesystem::rename(file("seg", "a/2"), root_ / "set/seg/a/2.Png");
  const auto data = dataset();
  EXPECT_EQ(data->size("files"), 5u);
  EXPECT_EQ(data->load("files", 1).field("image").file, (root_ / "set/image/a/1.PNG").string());
  EXPECT_THAT(message([&] { data->load("files", 2); }), HasSubstr("seg/a/2.png"));
}

// Labels of part of the samples: what is missing is unknown everywhere.
TEST_F(FolderTest, OptionalFieldsMayHaveNoFile) {
  std::string fields = kFields;
  fields.replace(fields.find("kind: 'tasuki/label_map'"), 0, "optional: true ");
  fields.replace(fields.find("scale: 0.001"), 0, "optional: true ");
  const auto data = dataset(fields + kSplits);
  std::filesystem::remove(file("seg", "a/1"));
  std::filesystem::remove(file("depth", "a/2"));
  const auto valid = [&](size_t index, const char* name) {
    const auto sample = data->load("files", index);
    const auto& field = sample.field(name);
    EXPECT_EQ(field.value.size(), sample.size());
    return cv::countNonZero(field.kind->valid_mask(field.value));
  };
  EXPECT_EQ(valid(1, "seg"), 0);
  EXPECT_EQ(valid(1, "depth"), 23);
  EXPECT_EQ(valid(2, "seg"), 22);
  EXPECT_EQ(valid(2, "depth"), 0);
  // A damaged file is still an error.
  write_file_atomically(file("seg", "a/1"), "PNG");
  EXPECT_THAT(message([&] { data->load("files", 1); }), HasSubstr("seg/a/1.png"));
}

TEST_F(FolderTest, LeavesOutWhatIsExcluded) {
  write_file_atomically(root_ / "set/bad.txt", "a/1\n");
  const auto data = dataset(std::string(kFields) +
                            "split { name: 'some' list: 'all.txt' exclude: 'bad.txt' to: 0.6 }");
  EXPECT_THAT(data->ids("some"), ElementsAre("a/0", "a/2"));
}

// An id to leave out that is spelled otherwise than in the list would stay in.
TEST_F(FolderTest, ExcludedIdsAreInTheList) {
  write_file_atomically(root_ / "set/bad.txt", "a/1\na/2.png\n");
  EXPECT_THAT(
      message([&] {
        dataset(std::string(kFields) + "split { name: 'some' list: 'all.txt' exclude: 'bad.txt' }");
      }),
      HasSubstr("bad.txt: id \"a/2.png\" is in none of the lists"));
  // One file for two lists.
  write_file_atomically(root_ / "set/bad.txt", "a/1\na/4\n");
  write_file_atomically(root_ / "set/one.txt", "a/3\na/4\n");
  write_file_atomically(root_ / "set/two.txt", "a/0\na/1\n");
  const auto data = dataset(std::string(kFields) +
                            "split { name: 'one' list: 'one.txt' exclude: 'bad.txt' }"
                            "split { name: 'two' list: 'two.txt' exclude: 'bad.txt' }");
  EXPECT_THAT(data->ids("one"), ElementsAre("a/3"));
  EXPECT_THAT(data->ids("two"), ElementsAre("a/0"));
}

TEST_F(FolderTest, ErrorsOfFilesNameThem) {
  const auto data = dataset();
  const auto failure = [&] { return message([&] { data->load("val", 0); }); };
  ASSERT_EQ(failure(), "no error");
  const std::string whole = read_file(file("image", "a/4"));
  write_file_atomically(file("image", "a/4"), whole.substr(0, whole.size() / 2));
  EXPECT_THAT(failure(), AllOf(HasSubstr(file("image", "a/4").string()), HasSubstr("truncated"),
                               HasSubstr("sample a/4")));
  write_image(file("image", "a/4"), cv::Mat(4, 7, CV_8UC3, cv::Scalar()));
  EXPECT_THAT(failure(), AllOf(HasSubstr(file("depth", "a/4").string() + " is 4x6"),
                               HasSubstr(file("image", "a/4").string() + " is 4x7")));
  std::filesystem::remove(file("image", "a/4"));
  EXPECT_THAT(failure(), AllOf(HasSubstr(file("image", "a/4").string()), HasSubstr("No such")));
}

TEST_F(FolderTest, ValuesWithoutAClassAreErrors) {
  const auto data = dataset();
  cv::Mat labels(4, 6, CV_8UC1, cv::Scalar(1));
  labels.at<uchar>(2, 5) = 3;
  write_image(file("seg", "a/4"), labels);
  EXPECT_THAT(message([&] { data->load("val", 0); }),
              AllOf(HasSubstr("seg/a/4.png: stored value 3 at (x 5, y 2) has no class")));
  write_image(file("seg", "a/4"), cv::Mat(4, 6, CV_8UC3, cv::Scalar()));
  EXPECT_THAT(message([&] { data->load("val", 0); }), HasSubstr("has 3 channels"));
}

TEST_F(FolderTest, ErrorsOfListsNameFileAndLine) {
  const auto failure = [&](const std::string& list, const std::string& range = "") {
    write_file_atomically(root_ / "set/list.txt", list);
    return message([&] {
      dataset(std::string(kFields) + "split { name: 's' list: 'list.txt' " + range + "}");
    });
  };
  EXPECT_THAT(failure("a/0\n\na/0\n"), HasSubstr("list.txt:3: id \"a/0\" is in line 1 already"));
  EXPECT_THAT(failure("../x\n"), HasSubstr("list.txt:1: id \"../x\" leads out of its folder"));
  EXPECT_THAT(failure("/x\n"), HasSubstr("leads out of its folder"));
  EXPECT_THAT(failure("./a/0\n"), HasSubstr("id \"./a/0\" has a shorter form: a/0"));
  EXPECT_THAT(failure("a//0\n"), HasSubstr("has a shorter form: a/0"));
  EXPECT_THAT(failure("\n"), HasSubstr("split \"s\" is empty"));
  EXPECT_THAT(failure("a/0\n", "to: 0.2"), HasSubstr("split \"s\" is empty"));
  EXPECT_THAT(
      message([&] { dataset(std::string(kFields) + "split { name: 's' list: 'none.txt' }"); }),
      HasSubstr("none.txt"));
  EXPECT_THAT(message([&] { dataset("root: 'nowhere' field { name: 'image' }"); }),
              AllOf(HasSubstr("nowhere"), HasSubstr("--data-root")));
}

TEST_F(FolderTest, ErrorsOfOptionsNameTheirPath) {
  const auto path = [&](const std::string& options) -> std::string {
    try {
      dataset("root: 'set' " + options);
    } catch (const OptionError& error) {
      return error.field();
    }
    return "no error";
  };
  const std::string image = "field { name: 'image' extension: '.png' } ";
  EXPECT_EQ(path(""), "field");
  EXPECT_EQ(path(image), "split");
  EXPECT_EQ(path(image + "field { name: 'd' }"), "field[d].kind");
  EXPECT_EQ(path(image + "field { kind: 'tasuki/depth' }"), "field[1].name");
  EXPECT_EQ(path(image + image), "field[image].name");
  EXPECT_EQ(path("field { name: 'image' optional: true }"), "field[image].optional");
  EXPECT_EQ(path(image + "field { name: 'd' kind: 'tasuki/deep' }"), "field[d].kind");
  EXPECT_EQ(path(image + "field { name: 'd' kind: 'tasuki/depth' label_map: 1 }"),
            "field[d].label_map");
  EXPECT_EQ(path(image + "field { name: 'd' kind: 'tasuki/label_map' scale: 1 }"),
            "field[d].scale");
  EXPECT_EQ(path(image + "field { name: 's' kind: 'tasuki/label_map' classes: 'a'"
                         "        label_map: [0, 1] }"),
            "field[s].label_map[1]");
  EXPECT_EQ(path(image + "field { name: 's' kind: 'tasuki/depth' threshold: 1 }"),
            "field[s].threshold");
  EXPECT_EQ(path(image + "field { name: 's' kind: 'tasuki/label_map' threshold: 1 classes: 'a' }"),
            "field[s].threshold");
  EXPECT_EQ(path(image + "field { name: 's' kind: 'tasuki/mask' threshold: 1 label_map: 0 }"),
            "field[s].threshold");
  const auto palette_path = [&](const std::string& palette, const std::string& kind = "label_map") {
    return path(image + "field { name: 's' kind: 'tasuki/" + kind + "' classes: 'a' palette { " +
                palette + " } }");
  };
  EXPECT_EQ(palette_path("colour: [1, 2] class: 0"), "field[s].palette[0].colour");
  EXPECT_EQ(palette_path("colour: [1, 2, 256] class: 0"), "field[s].palette[0].colour");
  EXPECT_EQ(palette_path("colour: [1, 2, 3]"), "field[s].palette[0].class");
  EXPECT_EQ(palette_path("colour: [1, 2, 3] class: 1"), "field[s].palette[0].class");
  EXPECT_EQ(palette_path("colour: [1, 2, 3] class: 0 } palette { colour: [1, 2, 3] class: 0"),
            "field[s].palette[1].colour");
  EXPECT_EQ(
      palette_path("colour: [1, 2, 3] class: 0 } ignore: 1 palette { colour: [4, 5, 6] class: 0"),
      "field[s].palette");
  EXPECT_EQ(path(image + "split { name: 's' folder: './train' }"), "split[s].folder");
  EXPECT_EQ(path(image + "split { name: 's' folder: '../train' }"), "split[s].folder");
  EXPECT_EQ(path(image + "field { name: 's' kind: 'tasuki/label_map' channel: 1 }"),
            "field[s].channel");
  EXPECT_EQ(path(image + "split { name: 's' } camera { fx: inf fy: 1 cx: 0 cy: 0 }"), "camera.fx");
  EXPECT_EQ(path(image + "split { name: 's' } camera { fx: 1 fy: 1 cx: nan cy: 0 }"), "camera.cx");
  EXPECT_EQ(path(image + "split { name: 's' from: 0.5 to: 0.5 }"), "split[s].to");
  EXPECT_EQ(path(image + "split { name: 's' } camera { fx: 1 fy: 1 cx: 0 }"), "camera.cy");
}

}  // namespace
}  // namespace tasuki
