#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tasuki {

// Name of the list of results in their folder.
inline constexpr const char* kOutputList = ".tasuki_outputs";

// Results in a folder that may hold other files as well. Its list, kOutputList, has a line for each
// file that was written into it: a hash of its bytes, its name, and its sources (the image that was
// predicted, the checkpoint that was evaluated). A file is replaced only where the list has it with
// the bytes that it has now, from the same sources: somebody else's file stays, and so do one of
// Tasuki's that was changed since and a result of something else.
//
// Results are made in a hidden folder inside, and get their names when all of them may: with an
// Error none of them is there. Several processes may write into one folder at once; what one that
// was killed has left half made is removed by the next.
class OutputFolder {
 public:
  using Path = std::filesystem::path;
  using Sources = std::vector<Path>;

  // Reads the list, where there is one; nothing is made before stage(). Error (kUsage) where
  // `folder` is a file.
  explicit OutputFolder(const Path& folder);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  // Error (kUsage), which says what to do, where a result of `sources` must not take the name
  // `name`, relative to the folder.
  void check(const Path& name, const Sources& sources) const;
  // Whether the list has this name, whatever became of its file.
  bool lists(const Path& name) const;

  // An empty folder on the same disk, in which results are made under the names that they are to
  // get. Error (kRun) with the system's reason where the folder can't be written.
  const Path& stage();
  // Gives all files of the last stage() their names, after check() of each, and puts them on the
  // list.
  void publish(const Sources& sources);

 private:
  using Entry = std::pair<std::string, std::string>;  // hash and sources

  void read_list();
  std::string text_of(const Sources& sources) const;
  void append(const std::vector<Path>& names, const std::string& sources);
  void clear_stage() const;
  void remove_abandoned() const;

  Path folder_, stage_;
  int stage_lock_ = -1;
  bool torn_ = false;                             // the list's last line has no end
  std::map<std::string, std::set<Entry>> known_;  // by name
};

// The same for a single file: may it be written, and writing it by `make`, which gets the path to
// write to.
void check_output(const std::filesystem::path& file, const OutputFolder::Sources& sources);
void write_output(const std::filesystem::path& file, const OutputFolder::Sources& sources,
                  const std::function<void(const std::filesystem::path&)>& make);

}  // namespace tasuki
