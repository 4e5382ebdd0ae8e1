#pragma once

#include <map>
#include <string>

namespace tasuki {

// Where a field of a resolved config was set. line and column start at 1; an assignment of the
// command line has its whole text as `file` ("--set a.b=c") and line 0.
struct Origin {
  std::string file;
  int line = 0;
  int column = 0;

  // "file:line:column", "file:line" without the column, the assignment alone.
  std::string text(bool with_column = true) const;
};

// Origins by path: "model.task[seg].decoder.channels".
class Origins {
 public:
  void set(const std::string& path, const Origin& origin) { by_path_[path] = origin; }
  // Takes all of `later` over, which wins.
  void add(const Origins& later);
  // Forgets `path` and everything below it.
  void erase(const std::string& path);
  // Moves `from` and everything below it to `to`, where nothing is left of what was there.
  void move(const std::string& from, const std::string& to);
  // That of `path` or of its nearest ancestor that has one; nullptr when none has.
  const Origin* nearest(const std::string& path) const;
  const std::map<std::string, Origin>& by_path() const { return by_path_; }

 private:
  std::map<std::string, Origin> by_path_;
};

}  // namespace tasuki
