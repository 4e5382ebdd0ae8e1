#include "plugins/hooks/event_log.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <opencv2/imgcodecs.hpp>
#include <vector>

#include "plugins/hooks/record_file.h"
#include "tasuki/error/error.h"
#include "tasuki/io/atomic_file.h"
#include "tasuki/io/files.h"

namespace tasuki::hooks {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "events.out.tfevents.";
constexpr const char* kFileVersion = "brain.Event:2";

// In the order in which TensorBoard reads them.
std::vector<fs::path> event_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& item : fs::directory_iterator(folder)) {
    if (item.path().filename().string().starts_with(kPrefix)) files.push_back(item.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// The seconds in a file's name; 0 where there are none.
int64_t seconds_in_name(const fs::path& file) {
  return std::strtoll(file.filename().string().c_str() + std::strlen(kPrefix), nullptr, 10);
}

double wall_time_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 && name[0] != 0 ? name : "host";
}

// Seconds, host and process as TensorFlow's writer has them; names have to be in the order of
// their files, whatever the clock says.
fs::path new_file(const fs::path& folder, const std::vector<fs::path>& files) {
  auto seconds = int64_t(wall_time_now());
  for (const auto& file : files) seconds = std::max(seconds, seconds_in_name(file) + 1);
  return folder / fmt::format("{}{:010}.{}.{}.0", kPrefix, seconds, host_name(), ::getpid());
}

Error can_not_write(const fs::path& path, const std::string& why) {
  return Error(ErrorKind::kRun, path.string() + ": can't be written: " + why);
}

}  // namespace

EventLog::EventLog(fs::path folder, int64_t step, bool goes_on) : folder_(std::move(folder)) {
  std::error_code failed;
  fs::create_directories(folder_, failed);
  if (failed) throw can_not_write(folder_, failed.message());
  remove_abandoned_files(folder_);
  const auto files = event_files(folder_);
  path_ = new_file(folder_, files);
  for (const auto& file : files) {
    if (goes_on) {
      take_over(file, step);
    } else {
      fs::remove(file);
    }
  }
  file_ = FileHandle(path_, O_WRONLY | O_CREAT | O_APPEND | O_EXCL);
  if (!file_.is_open()) throw can_not_write(path_, system_reason());
  events::Event version;
  version.set_file_version(kFileVersion);
  append(version);
  if (!goes_on) return;
  events::Event start;
  start.set_step(step + 1);
  start.mutable_session_log()->set_status(events::SessionLog::START);
  append(start);
}

void EventLog::take_over(const fs::path& file, int64_t step) {
  const auto bytes = read_file(file);
  size_t kept = 0;
  for (const auto& record : read_records(bytes)) {
    events::Event event;
    if (!event.ParseFromArray(record.data.data(), int(record.data.size()))) break;
    if (event.has_summary() && event.step() > step) break;
    kept = record.end;
    if (!event.has_summary()) continue;
    if (event.step() != last_step_) last_tags_.clear();
    last_step_ = event.step();
    for (const auto& value : event.summary().value()) {
      tags_.insert(value.tag());
      last_tags_.insert(value.tag());
    }
  }
  if (kept < bytes.size()) write_file_atomically(file, std::string_view(bytes).substr(0, kept));
}

events::Summary::Value& EventLog::add(const std::string& tag) {
  tags_.insert(tag);
  auto& value = *added_.add_value();
  value.set_tag(tag);
  return value;
}

void EventLog::scalar(const std::string& tag, double value) {
  add(tag).set_simple_value(float(value));
}

void EventLog::text(const std::string& tag, const std::string& markdown) {
  auto& value = add(tag);
  value.mutable_metadata()->mutable_plugin_data()->set_plugin_name("text");
  auto& tensor = *value.mutable_tensor();
  tensor.set_dtype(events::Tensor::DT_STRING);
  tensor.mutable_tensor_shape()->add_dim()->set_size(1);
  tensor.add_string_val(markdown);
}

void EventLog::picture(const std::string& tag, const cv::Mat& bgr) {
  std::vector<unsigned char> png;
  cv::imencode(".png", bgr, png);
  auto& image = *add(tag).mutable_image();
  image.set_height(bgr.rows);
  image.set_width(bgr.cols);
  image.set_colorspace(bgr.channels());
  image.set_encoded_image_string(png.data(), png.size());
}

void EventLog::write(int64_t step) {
  events::Event event;
  event.set_step(step);
  for (auto& value : *added_.mutable_value()) {
    if (step == last_step_ && last_tags_.count(value.tag()) > 0) continue;
    event.mutable_summary()->add_value()->Swap(&value);
  }
  added_.Clear();
  if (event.has_summary()) append(event);
}

// What a full disk has taken of a record is taken away again: behind it nothing could be read.
void EventLog::append(const events::Event& event) {
  auto timed = event;
  timed.set_wall_time(wall_time_now());
  const auto record = framed(timed.SerializeAsString());
  struct stat before = {};
  const bool known = ::fstat(file_.get(), &before) == 0;
  for (std::string_view left = record; !left.empty();) {
    const ssize_t written = ::write(file_.get(), left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const auto why = system_reason();
      if (known && ::ftruncate(file_.get(), before.st_size) != 0) {
        throw can_not_write(path_, why + "; its last record is not whole");
      }
      throw can_not_write(path_, why);
    }
    left.remove_prefix(size_t(written));
  }
}

}  // namespace tasuki::hooks
