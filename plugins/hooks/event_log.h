#pragma once

#include <cstdint>
#include <filesystem>
#include <opencv2/core.hpp>
#include <set>
#include <string>

#include "plugins/hooks/event_messages.pb.h"
#include "tasuki/io/file_handle.h"

namespace tasuki::hooks {

// Scalars, pictures and text by step in the event files of a folder, as TensorBoard reads them.
// Each log has a file of its own, whose name comes behind those that are there. What is written is
// in the file when write() returns. Errors (kRun) name the file.
//
// Example:
//   EventLog log("run/tensorboard", 0, false);
//   log.scalar("loss/seg", 0.7);
//   log.write(50);
class EventLog {
 public:
  // Goes on behind a step: what the folder's files have of later ones is taken out of them, and so
  // is what a kill has left of an unfinished record. Otherwise they are removed.
  EventLog(std::filesystem::path folder, int64_t step, bool goes_on);

  // Adds to what the next write() writes.
  void scalar(const std::string& tag, double value);
  void text(const std::string& tag, const std::string& markdown);
  void picture(const std::string& tag, const cv::Mat& bgr);  // CV_8UC3

  // One event of all that was added. What a file has of this tag and step already is left out.
  void write(int64_t step);

  // Whether any step has a value of it, in the folder's files or added.
  bool has(const std::string& tag) const { return tags_.count(tag) > 0; }

 private:
  void take_over(const std::filesystem::path& file, int64_t step);
  events::Summary::Value& add(const std::string& tag);
  void append(const events::Event& event);

  std::filesystem::path folder_, path_;
  FileHandle file_;
  events::Summary added_;
  std::set<std::string> tags_;
  int64_t last_step_ = -1;           // of the folder's files
  std::set<std::string> last_tags_;  // of that step
};

}  // namespace tasuki::hooks
