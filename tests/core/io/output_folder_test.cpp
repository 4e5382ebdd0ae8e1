#include "tasuki/io/output_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

void put(const fs::path& file, const std::string& bytes) {
  write_file_atomically(file, bytes);
}

class OutputFolderTest : public ::testing::Test {
 protected:
  // Files by name, made from `source` into the folder "out"; "" or why they were refused.
  std::string publish(const std::map<std::string, std::string>& files, const fs::path& source) {
    OutputFolder outputs(out_);
    const auto stage = outputs.stage();
    for (const auto& [name, bytes] : files) put(stage / name, bytes);
    try {
      outputs.publish({source});
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage);
      return error.what();
    }
    return "";
  }
  std::string bytes(const std::string& name) const { return read_file(out_ / name); }

  testing::TemporaryFolder folder_;
  const fs::path out_ = folder_ / "out";
  const fs::path image_ = folder_ / "a.jpg";
};

TEST_F(OutputFolderTest, ReplacesItsOwnFiles) {
  EXPECT_EQ(publish({{"seg/a.png", "one"}, {"seg/b.png", "b"}}, image_), "");
  EXPECT_EQ(publish({{"seg/a.png", "two"}}, image_), "");
  EXPECT_EQ(publish({{"seg/a.png", "one"}}, image_), "");
  EXPECT_EQ(bytes("seg/a.png"), "one");
  EXPECT_EQ(bytes("seg/b.png"), "b");
}

TEST_F(OutputFolderTest, KeepsWhatItDidNotWrite) {
  put(out_ / "seg" / "a.png", "label");
  EXPECT_THAT(publish({{"depth/a.png", "new"}, {"seg/a.png", "new"}}, image_),
              HasSubstr((out_ / "seg/a.png").string() +
                        ": is there already and no result of tasuki, and nothing was written over "
                        "it; give another place"));
  EXPECT_EQ(bytes("seg/a.png"), "label");
  EXPECT_FALSE(fs::exists(out_ / "depth" / "a.png"));
  // The same bytes by chance are still somebody else's.
  EXPECT_THAT(publish({{"seg/a.png", "label"}}, image_), HasSubstr("no result of tasuki"));
  fs::create_directories(out_ / "seg" / "b.png");
  EXPECT_THAT(publish({{"seg/b.png", "new"}}, image_), HasSubstr("is a folder"));
}

TEST_F(OutputFolderTest, KeepsWhatWasChangedSince) {
  publish({{"seg/a.png", "predicted"}}, image_);
  put(out_ / "seg" / "a.png", "corrected by hand");
  EXPECT_THAT(publish({{"seg/a.png", "new"}}, image_), HasSubstr("was changed since tasuki"));
  EXPECT_EQ(bytes("seg/a.png"), "corrected by hand");
}

TEST_F(OutputFolderTest, KeepsTheResultOfAnotherSource) {
  publish({{"seg/a.png", "of the first"}}, image_);
  const auto other = folder_ / "a.png";
  EXPECT_THAT(publish({{"seg/a.png", "of the second"}}, other),
              HasSubstr("is the result of " + image_.string()));
  EXPECT_EQ(bytes("seg/a.png"), "of the first");
}

// What looks like a path is one: "out/../a.jpg" is the same source, and so is a link to it.
TEST_F(OutputFolderTest, KnowsASourceByItsPlace) {
  put(image_, "picture");
  fs::create_symlink("a.jpg", folder_ / "link.jpg");
  publish({{"a.png", "one"}}, image_);
  EXPECT_EQ(publish({{"a.png", "two"}}, folder_ / "link.jpg"), "");
  EXPECT_EQ(publish({{"a.png", "three"}}, out_ / ".." / "a.jpg"), "");
}

TEST_F(OutputFolderTest, KeepsItsListWhenAllIsMoved) {
  publish({{"a.png", "one"}}, image_);
  const testing::TemporaryFolder elsewhere;
  fs::copy(out_, elsewhere / "out", fs::copy_options::recursive);
  OutputFolder outputs(elsewhere / "out");
  EXPECT_NO_THROW(outputs.check("a.png", {elsewhere / "a.jpg"}));
  EXPECT_THROW(outputs.check("a.png", {image_}), Error);
}

TEST_F(OutputFolderTest, TakesNamesOfAllCharacters) {
  const std::vector<std::string> names = {"a b", "two\nlines", "100%", "caf\xe9", "tab\t", "#"};
  for (const auto& name : names) {
    EXPECT_EQ(publish({{name, "one"}}, folder_ / (name + ".jpg")), "");
    EXPECT_EQ(publish({{name, "two"}}, folder_ / (name + ".jpg")), "");
    EXPECT_EQ(bytes(name), "two");
    EXPECT_TRUE(OutputFolder(out_).lists(name));
  }
  EXPECT_FALSE(OutputFolder(out_).lists("two"));
}

TEST_F(OutputFolderTest, BeginsAfreshAfterAFailure) {
  OutputFolder outputs(out_);
  put(outputs.stage() / "seg" / "half.png", "half made");
  put(outputs.stage() / "seg" / "whole.png", "whole");
  outputs.publish({image_});
  EXPECT_TRUE(fs::exists(out_ / "seg" / "whole.png"));
  EXPECT_FALSE(fs::exists(out_ / "seg" / "half.png"));
}

TEST_F(OutputFolderTest, RemovesWhatAKilledProcessLeft) {
  const auto abandoned = out_ / ".tasuki_stage-abcdef";
  put(abandoned / "seg" / "a.png", "half made");
  OutputFolder alive(out_);
  const auto stage = alive.stage();
  put(stage / "a.png", "being made");
  EXPECT_FALSE(fs::exists(abandoned));
  publish({{"b.png", "b"}}, image_);
  EXPECT_TRUE(fs::exists(stage / "a.png"));
  alive.publish({image_});
  EXPECT_EQ(bytes("a.png"), "being made");
}

TEST_F(OutputFolderTest, LeavesNothingOfItsOwnButTheList) {
  publish({{"a.png", "one"}}, image_);
  std::vector<std::string> names;
  for (const auto& item : fs::directory_iterator(out_)) names.push_back(item.path().filename());
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("a.png", kOutputList));
}

TEST_F(OutputFolderTest, ReadsAListWhoseLastLineIsTorn) {
  publish({{"a.png", "one"}}, image_);
  std::ofstream(out_ / kOutputList, std::ios::app) << "0123456789";
  EXPECT_EQ(publish({{"b.png", "b"}}, image_), "");
  EXPECT_EQ(publish({{"a.png", "two"}, {"b.png", "c"}}, image_), "");
}

TEST_F(OutputFolderTest, IsAFolder) {
  put(out_, "a file");
  try {
    const OutputFolder outputs(out_);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("is a file, not a folder"));
  }
}

TEST_F(OutputFolderTest, WritesASingleFile) {
  const auto page = out_ / "page.html";
  const auto write = [&](const std::string& text) {
    write_output(page, {image_}, [&](const fs::path& file) { put(file, text); });
  };
  write("one");
  write("two");
  EXPECT_EQ(read_file(page), "two");
  put(page, "mine");
  EXPECT_THROW(write("three"), Error);
  EXPECT_THROW(check_output(page, {image_}), Error);
  EXPECT_EQ(read_file(page), "mine");
}

}  // namespace
}  // namespace tasuki
