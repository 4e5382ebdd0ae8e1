#include "datasets/taskonomy/view_index.h"

#include <algorithm>
#include <atomic>
#include <boost/crc.hpp>
#include <charconv>
#include <chrono>
#include <exception>
#include <optional>
#include <string_view>
#include <thread>

#include "tasuki/error/error.h"
#include "tasuki/io/files.h"

namespace tasuki::taskonomy {
namespace {

namespace fs = std::filesystem;
using Time = fs::file_time_type;

constexpr std::string_view kEnding = "_domain_rgb.png";
constexpr size_t kLargestIndex = size_t{1} << 28;
constexpr std::string_view kFirstLine = "tasuki taskonomy index 1\n";
constexpr size_t kMostDamage = 2;  // characters of the first line that an index may have lost

// Takes `word` from the front of `text`.
bool take(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

// Takes a number as it is written without need: no sign, no zero in front.
template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto digits = size_t(end - text.data());
  if (failed != std::errc() || (text[0] == '0' && digits > 1)) return false;
  text.remove_prefix(digits);
  return true;
}

std::optional<View> view_of(std::string_view name) {
  View view;
  const bool named = take(name, "point_") && take_number(name, view.point) &&
                     take(name, "_view_") && take_number(name, view.view) && name == kEnding;
  return named ? std::optional(view) : std::nullopt;
}

uint32_t crc_of(std::string_view text) {
  boost::crc_32_type crc;
  crc.process_bytes(text.data(), text.size());
  return crc.checksum();
}

// What an index of the folder as it is now begins with.
std::string head_of(const fs::path& folder, const fs::path& index, Time time) {
  const auto place = fs::absolute(folder).lexically_relative(fs::absolute(index).parent_path());
  return std::string(kFirstLine) + "folder " + place.generic_string() + "\ntime " +
         std::to_string(Time::clock::to_sys(time).time_since_epoch().count()) + "\n";
}

std::string text_of(const std::string& head, const std::vector<View>& views) {
  std::string lines;
  for (const auto& view : views) {
    lines += std::to_string(view.point) + " " + std::to_string(view.view) + "\n";
  }
  return head + "views " + std::to_string(views.size()) + " crc32 " +
         std::to_string(crc_of(lines)) + "\n" + lines;
}

// Nothing where the text is no whole index with that head.
std::optional<std::vector<View>> views_of(std::string_view text, const std::string& head) {
  size_t count = 0;
  uint32_t crc = 0;
  const bool begun = take(text, head) && take(text, "views ") && take_number(text, count) &&
                     take(text, " crc32 ") && take_number(text, crc) && take(text, "\n");
  // The shortest line is "0 0\n".
  if (!begun || count > text.size() / 4 || crc != crc_of(text)) return std::nullopt;
  std::vector<View> views(count);
  for (auto& view : views) {
    const bool whole = take_number(text, view.point) && take(text, " ") &&
                       take_number(text, view.view) && take(text, "\n");
    if (!whole) return std::nullopt;
  }
  const auto unordered = [](const View& a, const View& b) { return !(a < b); };
  const bool in_order = std::adjacent_find(views.begin(), views.end(), unordered) == views.end();
  return text.empty() && in_order ? std::optional(views) : std::nullopt;
}

std::optional<std::vector<View>> read_index(const fs::path& index, const std::string& head) {
  if (!fs::is_regular_file(index)) return std::nullopt;
  try {
    return views_of(read_file(index, kLargestIndex), head);
  } catch (const Error&) {  // it is made anew
    return std::nullopt;
  }
}

// Somebody else's file under the name of the index is no damaged index: it stays.
void check_is_index(const fs::path& index) {
  if (!fs::is_regular_file(index)) return;
  const auto text = read_file(index, kLargestIndex);
  size_t wrong = 0;
  for (size_t i = 0; i < std::min(text.size(), kFirstLine.size()); ++i) {
    wrong += text[i] != kFirstLine[i];
  }
  if (wrong <= kMostDamage) return;
  throw Error(ErrorKind::kUsage,
              index.string() + " is there already and no index of tasuki: it is not replaced");
}

bool may_change_unseen(const fs::path& folder, Time time) {
  return fs::last_write_time(folder) != time || Time::clock::now() - time < std::chrono::seconds(2);
}

}  // namespace

std::vector<View> find_views(const fs::path& folder) {
  if (!is_folder(folder)) return {};
  std::vector<View> views;
  std::error_code failed;
  for (fs::directory_iterator file(folder, failed), end; !failed && file != end;
       file.increment(failed)) {
    const auto name = file->path().filename().string();
    if (name.starts_with('.') || !name.ends_with(kEnding)) continue;
    const auto view = view_of(name);
    if (!view) {
      throw Error(ErrorKind::kData, file->path().string() +
                                        ": a name point_P_view_V_domain_rgb.png is expected, with "
                                        "the numbers P and V");
    }
    views.push_back(*view);
  }
  if (failed) {
    throw Error(ErrorKind::kData, folder.string() + ": can't be read: " + failed.message());
  }
  std::sort(views.begin(), views.end());
  return views;
}

Listing indexed_views(const fs::path& folder, const fs::path& index) {
  if (!is_folder(folder)) return {};
  const auto time = fs::last_write_time(folder);
  const auto head = head_of(folder, index, time);
  Listing listing;
  if (auto known = read_index(index, head)) return {std::move(*known), true, ""};
  listing.views = find_views(folder);
  if (may_change_unseen(folder, time)) return listing;
  try {
    check_is_index(index);
    write_file_atomically(index, text_of(head, listing.views));
  } catch (const Error& error) {
    listing.not_written = error.what();
  }
  return listing;
}

std::vector<Listing> list_all(const std::vector<Listed>& folders, size_t parallel) {
  std::vector<Listing> listings(folders.size());
  std::vector<std::exception_ptr> failures(folders.size());
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < folders.size(); i = next++) {
      const auto& [folder, index] = folders[i];
      try {
        listings[i] =
            index.empty() ? Listing{find_views(folder), false, ""} : indexed_views(folder, index);
      } catch (const std::exception&) {
        failures[i] = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> workers;
    for (size_t i = 0; i < std::min(parallel, folders.size()); ++i) workers.emplace_back(work);
  }
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
  return listings;
}

}  // namespace tasuki::taskonomy
