#include <opencv2/imgproc.hpp>

#include "tasuki/io/npy.h"
#include "tests/core/io/picture_files.h"
#include "tests/datasets/folder/folder_fixture.h"

namespace tasuki {
namespace {

using ::testing::AllOf;
using testing::FolderTest;
using ::testing::HasSubstr;
using testing::kFields;
using testing::kSplits;
using testing::make;
using ::testing::Not;

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

// A label map of two classes: what is proposed is what most files of 0 and 255 mean.
TEST_F(FolderTest, TwoClassesStoredAs0And255TakeAThreshold) {
  cv::Mat stored(4, 6, CV_8UC1, cv::Scalar(0));
  stored.at<uchar>(1, 2) = 255;
  write_image(file("two", "a/0"), stored);
  write_file_atomically(root_ / "set/one.txt", "a/0\n");
  const auto load = [&](const std::string& options) {
    return dataset("root: 'set' field { name: 'image' extension: '.png' } field { name: 'two' " +
                   options + " } split { name: 's' list: 'one.txt' } ")
        ->load("s", 0)
        .field("two")
        .value.clone();
  };
  const std::string kind = "kind: 'tasuki/label_map' classes: ['ground', 'house'] ";
  const auto proposed = AllOf(
      HasSubstr("two/a/0.png: stored value 255 at (x 2, y 1) has no class: classes are 0 to 1"),
      HasSubstr("the file has no values but 0 and 255: if these are classes 0 and 1, give the "
                "field threshold: 127; if 255 means unknown, ignore: 255"));
  EXPECT_THAT(message([&] { load(kind); }), proposed);
  const auto value = load(kind + "threshold: 127");
  ASSERT_EQ(value.type(), CV_32SC1);
  EXPECT_EQ(value.at<int>(1, 2), 1);
  EXPECT_EQ(cv::countNonZero(value), 1);
  EXPECT_EQ(load(kind + "threshold: 127 ignore: 255").at<int>(1, 2), -1);
  write_image(file("two", "a/0"), cv::Mat(4, 6, CV_8UC1, cv::Scalar(255)));
  EXPECT_THAT(message([&] { load(kind); }), HasSubstr("threshold: 127"));
  EXPECT_THAT(message([&] { load("kind: 'tasuki/mask'"); }), HasSubstr("threshold: 127"));
  // Other values beside them are no two classes.
  stored.at<uchar>(3, 3) = 1;
  write_image(file("two", "a/0"), stored);
  EXPECT_THAT(message([&] { load(kind); }), Not(HasSubstr("threshold")));
}

// Red is a roof, black is ground, white is not known.
TEST_F(FolderTest, ColoursThatAreClassesTakeAPalette) {
  cv::Mat stored(4, 6, CV_8UC3, cv::Scalar(0, 0, 0));
  stored.at<cv::Vec3b>(1, 2) = cv::Vec3b(0, 0, 255);  // B, G, R
  stored.at<cv::Vec3b>(3, 5) = cv::Vec3b(255, 255, 255);
  write_image(file("colour", "a/0"), stored);
  write_file_atomically(root_ / "set/one.txt", "a/0\n");
  const auto load = [&](const std::string& options) {
    return dataset("root: 'set' field { name: 'image' extension: '.png' } field { name: 'c' " +
                   options + " folder: 'colour' } split { name: 's' list: 'one.txt' } ")
        ->load("s", 0)
        .field("c")
        .value.clone();
  };
  const std::string kind = "kind: 'tasuki/label_map' classes: ['ground', 'roof'] ";
  const std::string palette =
      "palette { colour: [0, 0, 0] class: 0 } palette { colour: [255, 0, 0] class: 1 } ";
  const std::string unknown = "palette { colour: [255, 255, 255] class: -1 } ";
  EXPECT_THAT(
      message([&] { load(kind); }),
      AllOf(HasSubstr("colour/a/0.png: has 3 channels where one is expected"),
            HasSubstr("palette: [{ colour: [0, 0, 0] class: 0 }, { colour: [255, 0, 0] class: 1 }, "
                      "{ colour: [255, 255, 255] class: 2 }]")));
  EXPECT_THAT(message([&] { load(kind + palette); }),
              HasSubstr("colour [255, 255, 255] at (x 5, y 3) is not in the field's palette"));
  const auto expect_labels = [&](const std::string& options) {
    const auto value = load(options + palette + unknown);
    ASSERT_EQ(value.type(), CV_32SC1);
    EXPECT_EQ(value.at<int>(1, 2), 1);
    EXPECT_EQ(value.at<int>(3, 5), -1);
    EXPECT_EQ(cv::countNonZero(value), 2);
  };
  expect_labels(kind);
  const auto mask = load("kind: 'tasuki/mask' " + palette + unknown);
  ASSERT_EQ(mask.type(), CV_8UC1);
  EXPECT_EQ(mask.at<uchar>(1, 2), 1);
  EXPECT_EQ(mask.at<uchar>(3, 5), 255);
  cv::Mat rgb;
  cv::cvtColor(stored, rgb, cv::COLOR_BGR2RGB);
  write_npy(root_ / "set/colour/a/0.npy", rgb);
  expect_labels(kind + "extension: '.npy' ");
  EXPECT_THAT(message([&] { load(kind + "extension: '.npy' "); }),
              HasSubstr("{ colour: [255, 0, 0] class: 1 }"));
  // An alpha channel says nothing where all of it is opaque; channels are counted as in the file.
  cv::Mat alpha;
  cv::cvtColor(stored, alpha, cv::COLOR_BGR2BGRA);
  write_image(file("colour", "a/0"), alpha);
  expect_labels(kind);
  EXPECT_THAT(message([&] { load(kind); }), HasSubstr("has 4 channels where one is expected"));
  alpha.at<cv::Vec4b>(0, 0)[3] = 7;
  write_image(file("colour", "a/0"), alpha);
  EXPECT_THAT(message([&] { load(kind + palette); }), HasSubstr("has transparent pixels"));
  cv::Mat noise(40, 60, CV_8UC3);
  cv::RNG(1).fill(noise, cv::RNG::UNIFORM, 0, 256);
  write_image(file("colour", "a/0"), noise);
  EXPECT_THAT(message([&] { load(kind); }), HasSubstr("too many colours for a label map"));
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

TEST_F(FolderTest, ImagesHaveTheWhiteLevelOfTheConfig) {
  write_image(root_ / "np/image/0.png", cv::Mat(4, 6, CV_16UC3, cv::Scalar(1023, 0, 0)));
  write_npy(root_ / "np/image/0.npy", cv::Mat(4, 6, CV_16UC3, cv::Scalar(0, 0, 1023)));
  const auto load = [&](const std::string& options) {
    return make<Dataset>("tasuki/Folder",
                         "root: 'np' split { name: 's' } field { name: 'image' " + options + " }",
                         {root_.path(), {false, 1023}})
        ->load("s", 0)
        .field("image")
        .value.at<cv::Vec3b>(2, 2);
  };
  EXPECT_EQ(load("extension: '.png'"), cv::Vec3b(255, 0, 0));
  EXPECT_EQ(load("extension: '.npy'"), cv::Vec3b(255, 0, 0));
  EXPECT_EQ(load("extension: '.png' channel: [2, 1, 1]"), cv::Vec3b(0, 0, 255));
  EXPECT_THAT(message([&] { load("extension: '.png' scale: 0.25"); }),
              HasSubstr("field[image].scale: data.image.white_level says it for all images"));
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

// A camera that was held upright, and labels that were made by what shows the picture upright.
TEST_F(FolderTest, ImagesAreTurnedAsTheirFilesAsk) {
  const auto with_exif = [&](const std::string& folder, int orientation) {
    const auto png = read_file(file(folder, "a/4"));
    write_file_atomically(file(folder, "a/4"),
                          testing::png_with_exif(png, testing::exif_data(orientation)));
  };
  const auto load = [&](bool ignore) {
    return make<Dataset>("tasuki/Folder", std::string(kFields) + kSplits, {root_.path(), {ignore}})
        ->load("val", 0);
  };
  with_exif("image", 6);
  EXPECT_THAT(message([&] { load(false); }),
              AllOf(HasSubstr("image/a/4.png is 6x4"), HasSubstr("is turned by 90 degrees"),
                    HasSubstr("data.image.ignore_orientation: true")));
  EXPECT_EQ(load(true).size(), cv::Size(6, 4));
  // Labels carry it as well.
  with_exif("seg", 6);
  with_exif("depth", 6);
  const Sample sample = load(false);
  EXPECT_EQ(sample.size(), cv::Size(4, 6));
  EXPECT_EQ(sample.field("seg").value.at<int>(0, 3), -1);  // stored at the top left
  EXPECT_EQ(sample.field("seg").value.at<int>(2, 3), 0);
  EXPECT_EQ(load(true).field("seg").value.at<int>(0, 0), -1);
}

// Every kind whose values mean something one by one; the name says nothing.
TEST_F(FolderTest, LabelsWithLossesAreErrors) {
  write_image(root_ / "set/lossy/a/0.jpg", cv::Mat(4, 6, CV_8UC1, cv::Scalar(1)));
  write_image(root_ / "set/colours/a/0.jpg", cv::Mat(4, 6, CV_8UC3, cv::Scalar(0, 128, 128)));
  std::filesystem::copy(root_ / "set/lossy/a/0.jpg", root_ / "set/lossy/a/0.png");
  write_file_atomically(root_ / "set/one.txt", "a/0\n");
  const auto load = [&](const std::string& field) {
    return message([&] {
      dataset("root: 'set' field { name: 'image' extension: '.png' } field { name: 'v' " + field +
              " } split { name: 's' list: 'one.txt' } ")
          ->load("s", 0);
    });
  };
  for (const char* kind : {"label_map", "mask", "depth", "disparity", "inverse_depth"}) {
    for (const char* ending : {".jpg", ".png"}) {
      EXPECT_THAT(
          load("folder: 'lossy' extension: '" + std::string(ending) + "' kind: 'tasuki/" + kind +
               "'"),
          HasSubstr("lossy/a/0" + std::string(ending) + ": is compressed with losses (JPEG)"))
          << kind;
    }
  }
  EXPECT_EQ(load("folder: 'colours' extension: '.jpg' kind: 'tasuki/normals' "
                 "scale: 0.00784313725 offset: -1 unit_length: true"),
            "no error");
  EXPECT_EQ(load("folder: 'colours' extension: '.jpg' kind: 'tasuki/image' scale: 0.5"),
            "no error");
}

}  // namespace
}  // namespace tasuki
