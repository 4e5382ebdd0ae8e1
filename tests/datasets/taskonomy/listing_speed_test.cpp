#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <fstream>

#include "datasets/taskonomy/view_index.h"
#include "tests/core/io/temporary_folder.h"

namespace tasuki::taskonomy {
namespace {

namespace fs = std::filesystem;

constexpr int kBuildings = 40, kViews = 5000;

double seconds_of(const std::vector<Listed>& folders, bool from_index) {
  const auto begin = std::chrono::steady_clock::now();
  const auto listings = list_all(folders);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
  for (const auto& listing : listings) {
    EXPECT_EQ(listing.views.size(), size_t(kViews));
    EXPECT_EQ(listing.from_index, from_index);
  }
  return taken.count();
}

// Prints what the index saves; asserts only what is listed.
TEST(TaskonomyListing, OfManyImagesIsReadFromTheIndex) {
  const testing::TemporaryFolder root;
  std::vector<Listed> folders;
  for (int i = 0; i < kBuildings; ++i) {
    const auto name = "building" + std::to_string(i);
    const auto folder = root / name;
    fs::create_directories(folder);
    for (int view = 0; view < kViews; ++view) {
      std::ofstream(folder / ("point_" + std::to_string(view / 5) + "_view_" +
                              std::to_string(view % 5) + "_domain_rgb.png"));
    }
    fs::last_write_time(folder, fs::file_time_type::clock::now() - std::chrono::hours(1));
    folders.push_back({folder, root / ("index/" + name + ".txt")});
  }
  std::vector<Listed> unindexed = folders;
  for (auto& folder : unindexed) folder.index.clear();
  const double listed = seconds_of(unindexed, false);
  const double first = seconds_of(folders, false), second = seconds_of(folders, true);
  std::printf(
      "%d images in %d folders: listed %.3f s, listed and indexed %.3f s, "
      "from the index %.3f s (%.1f times faster)\n",
      kBuildings * kViews, kBuildings, listed, first, second, listed / second);
}

}  // namespace
}  // namespace tasuki::taskonomy
