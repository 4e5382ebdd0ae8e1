#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/data/dataset.h"
#include "core/data/files.h"
#include "core/data/image_io.h"
#include "core/data/npy.h"
#include "tests/core/data/temporary_folder.h"
#include "tests/pipelines/plugin.h"

namespace tasuki {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::make;

constexpr const char* kFields =
    "root: 'set' "
    "field { name: 'image' extension: '.png' } "
    "field { name: 'seg' kind: 'tasuki/label_map' label_map: [-1, 1, 0] ignore: 9"
    "        classes: ['wall', 'chair'] } "
    "field { name: 'depth' kind: 'tasuki/depth' scale: 0.001 ignore: 65535 } ";
constexpr const char* kSplits =
    "split { name: 'train' list: 'all.txt' to: 0.8 } "
    "split { name: 'val' list: 'all.txt' from: 0.8 } "
    "split { name: 'files' } ";

// Five samples "a/0" to "a/4" of 4 x 6 pixels.
class FolderTest : public ::testing::Test {
 protected:
  FolderTest() {
    std::string list;
    for (int i = 0; i < 5; ++i) {
      const std::string id = "a/" + std::to_string(i);
      list += id + (i % 2 ? "\n" : " \r\n\n");
      write_image(file("image", id), cv::Mat(4, 6, CV_8UC3, cv::Scalar(10, 20, 30 + i)));
      cv::Mat labels(4, 6, CV_8UC1, cv::Scalar(1));
      labels.at<uchar>(0, 0) = 9;
      labels.at<uchar>(0, 1) = 0;
      labels.at<uchar>(0, 2) = 2;
      write_image(file("seg", id), labels);
      cv::Mat depth(4, 6, CV_16UC1, cv::Scalar(1500 + i));
      depth.at<ushort>(1, 1) = 65535;
      write_image(file("depth", id), depth);
    }
    write_file_atomically(root_ / "set/all.txt", list);
  }

  std::filesystem::path file(const std::string& folder, const std::string& id) const {
    return root_ / ("set/" + folder + "/" + id + ".png");
  }
  std::unique_ptr<Dataset> dataset(const std::string& options = std::string(kFields) +
                                                                kSplits) const {
    return make<Dataset>("tasuki/Folder", options, {root_.path()});
  }
  template <class Action>
  static std::string message(Action action) {
    try {
      action();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  testing::TemporaryFolder root_;
};

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

TEST_F(FolderTest, DecodesNormalsFromColours) {
  cv::Mat stored(4, 6, CV_8UC3, cv::Scalar(0, 128, 128));  // B, G, R: z = -1
  stored.at<cv::Vec3b>(0, 0) = cv::Vec3b(128, 128, 255);   // x = 1
  stored.at<cv::Vec3b>(0, 1) = cv::Vec3b(128, 128, 128);   // none
  write_image(file("normal", "a/0"), stored);
  write_file_atomically(root_ / "set/one.txt", "a/0\n");
  const std::string image = "root: 'set' field { name: 'image' extension: '.png' } ";
  const std::string split = "split { name: 's' list: 'one.txt' } ";
  const std::string normal =
      "field { name: 'normal' kind: 'tasuki/normals' unit_length: true ignore: 128 ";
  const auto load = [&](const std::string& rest) {
    return dataset(image + split + normal + rest + "}")->load("s", 0).field("normal").value.clone();
  };
  cv::Mat value = load("scale: 0.00784313725 offset: -1");
  EXPECT_NEAR(value.at<cv::Vec3f>(0, 0)[0], 1, 1e-4);
  EXPECT_NEAR(value.at<cv::Vec3f>(2, 2)[2], -1, 1e-4);
  EXPECT_EQ(value.at<cv::Vec3f>(0, 1), cv::Vec3f(0, 0, 0));
  // z taken from red, its sign turned; x from blue.
  value = load("scale: [0.0078431, 0.0078431, -0.0078431] offset: [-1, -1, 1] channel: [2, 1, 0]");
  EXPECT_NEAR(value.at<cv::Vec3f>(0, 0)[2], -1, 1e-4);
  EXPECT_NEAR(value.at<cv::Vec3f>(2, 2)[0], -1, 1e-4);
}

// Masks are mostly stored as 0 and 255, and 255 is the kind's own value for "unknown".
TEST_F(FolderTest, MasksAreAboveAThreshold) {
  cv::Mat stored(4, 6, CV_8UC1, cv::Scalar(0));
  stored.at<uchar>(1, 2) = 255;
  stored.at<uchar>(1, 3) = 127;
  stored.at<uchar>(1, 4) = 90;
  write_image(file("edge", "a/0"), stored);
  stored.setTo(0, stored != 255);
  stored.convertTo(stored, CV_32F);
  stored.at<float>(0, 0) = std::nanf("");
  write_npy(root_ / "set/edge/a/0.npy", stored);
  write_file_atomically(root_ / "set/one.txt", "a/0\n");
  const auto load = [&](const std::string& options) {
    return dataset("root: 'set' field { name: 'image' extension: '.png' } field { name: 'edge' " +
                   options + " kind: 'tasuki/mask' } split { name: 's' list: 'one.txt' } ")
        ->load("s", 0)
        .field("edge")
        .value.clone();
  };
  const auto value = load("threshold: 127 ignore: 90");
  EXPECT_EQ(value.at<uchar>(0, 0), 0);
  EXPECT_EQ(value.at<uchar>(1, 2), 1);
  EXPECT_EQ(value.at<uchar>(1, 3), 0);
  EXPECT_EQ(value.at<uchar>(1, 4), 255);
  EXPECT_EQ(cv::countNonZero(value), 2);
  EXPECT_THAT(
      message([&] { load("ignore: [90, 127]"); }),
      AllOf(HasSubstr("edge/a/0.png: stored value 255 at (x 2, y 1) is this kind's own value "
                      "for unknown"),
            HasSubstr("give the field a threshold")));
  EXPECT_EQ(load("ignore: [90, 127, 255]").at<uchar>(1, 2), 255);
  const auto numpy = load("extension: '.npy' threshold: 0.5 ignore: nan");
  EXPECT_EQ(numpy.at<uchar>(0, 0), 255);
  EXPECT_EQ(numpy.at<uchar>(1, 2), 1);
  EXPECT_THAT(message([&] { load("extension: '.npy' threshold: 0.5"); }), HasSubstr("has NaN"));
  EXPECT_THAT(message([&] { load("extension: '.npy'"); }), HasSubstr("has NaN at (x 0, y 0)"));
  write_image(file("edge", "a/0"), cv::Mat(4, 6, CV_16UC1, cv::Scalar(256)));
  EXPECT_THAT(message([&] { load(""); }), HasSubstr("stored value 256 at (x 0, y 0)"));
  EXPECT_EQ(load("threshold: 255").at<uchar>(0, 0), 1);
}

TEST_F(FolderTest, ReadsNumpyFiles) {
  cv::Mat colours(4, 6, CV_32FC3, cv::Scalar(1, 0.5, 0)), labels(4, 6, CV_32FC1, cv::Scalar(2));
  labels.at<float>(1, 1) = -1;
  cv::Mat depth(4, 6, CV_64FC1, cv::Scalar(2.5));
  depth.at<double>(0, 0) = std::nan("");
  write_npy(root_ / "np/image/0.npy", colours);
  write_npy(root_ / "np/seg/0.npy", labels);
  write_npy(root_ / "np/depth/0.npy", depth);
  const Sample sample =
      dataset(
          "root: 'np' field { name: 'image' extension: '.npy' scale: 255 } "
          "field { name: 'seg' extension: '.npy' kind: 'tasuki/label_map' } "
          "field { name: 'depth' extension: '.npy' kind: 'tasuki/depth' ignore: nan } "
          "split { name: 'all' }")
          ->load("all", 0);
  EXPECT_EQ(sample.field("image").value.at<cv::Vec3b>(0, 0), cv::Vec3b(0, 128, 255));
  EXPECT_EQ(sample.field("seg").value.at<int>(0, 0), 2);
  EXPECT_EQ(sample.field("seg").value.at<int>(1, 1), -1);
  EXPECT_EQ(sample.field("depth").value.at<float>(0, 0), 0);
  EXPECT_EQ(sample.field("depth").value.at<float>(3, 3), 2.5f);
}

// Rows as wide as those of real pictures: comparisons of NaN differ where they are vectorised.
TEST_F(FolderTest, NanIsFoundInRowsOfAnyWidth) {
  for (const int width : {3, 8, 64, 65}) {
    cv::Mat values(5, width, CV_32FC1, cv::Scalar(1));
    values.at<float>(4, width - 1) = values.at<float>(0, 1) = std::nanf("");
    write_npy(root_ / "np/v/0.npy", values);
    write_npy(root_ / "np/image/0.npy", cv::Mat(5, width, CV_8UC3, cv::Scalar(1, 2, 3)));
    const auto load = [&](const std::string& options) {
      return dataset(
                 "root: 'np' field { name: 'image' extension: '.npy' } split { name: 's' } "
                 "field { name: 'v' extension: '.npy' " +
                 options + " }")
          ->load("s", 0)
          .field("v")
          .value.clone();
    };
    const cv::Mat depth = load("kind: 'tasuki/depth' ignore: nan");
    EXPECT_EQ(depth.at<float>(0, 1), 0);
    EXPECT_EQ(cv::countNonZero(depth), 5 * width - 2);
    EXPECT_THAT(message([&] { load("kind: 'tasuki/mask' threshold: 0.5"); }), HasSubstr("has NaN"));
    const cv::Mat mask = load("kind: 'tasuki/mask' threshold: 0.5 ignore: nan");
    EXPECT_EQ(mask.at<uchar>(4, width - 1), 255);
    EXPECT_EQ(mask.at<uchar>(4, width - 2), 1);
    EXPECT_THAT(message([&] { load("kind: 'tasuki/label_map'"); }),
                HasSubstr("has NaN at (x 1, y 0) where classes are expected"));
    const cv::Mat labels = load("kind: 'tasuki/label_map' ignore: nan classes: ['a', 'b']");
    EXPECT_EQ(labels.at<int>(0, 1), -1);
    EXPECT_EQ(cv::countNonZero(labels == 1), 5 * width - 2);
  }
}

TEST_F(FolderTest, ColoursThatAreNoneAreErrors) {
  const std::string split = "root: 'np' split { name: 's' } ";
  const auto load = [&](const cv::Mat& image, const std::string& options = "") {
    write_npy(root_ / "np/image/0.npy", image);
    return message([&] {
      dataset(split + "field { name: 'image' extension: '.npy' " + options + "}")->load("s", 0);
    });
  };
  cv::Mat image(6, 70, CV_32FC3, cv::Scalar(0, 255.4, 7));
  EXPECT_EQ(load(image), "no error");
  for (const float wrong : {-1.f, 256.f, std::nanf(""), std::numeric_limits<float>::infinity()}) {
    image.at<cv::Vec3f>(4, 65)[1] = wrong;
    EXPECT_THAT(load(image), AllOf(HasSubstr("has a colour at (x 65, y 4) that is not 0 to 255"),
                                   HasSubstr("image/0.npy")));
  }
  EXPECT_THAT(load(image, "channel: [0, 1, 7] "),
              HasSubstr("has channels 0 to 2 where the field's channel says 7"));
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
  EXPECT_EQ(path(image + "field { name: 's' kind: 'tasuki/label_map' threshold: 1 }"),
            "field[s].threshold");
  EXPECT_EQ(path(image + "field { name: 's' kind: 'tasuki/mask' threshold: 1 label_map: 0 }"),
            "field[s].threshold");
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
