#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tasuki/config/config.pb.h"
#include "tasuki/config/origin.h"
#include "tasuki/registry/registry.h"

namespace tasuki {

// A config after its bases, its own fields and the command line's assignments were laid over each
// other, where each field came from, and the defaults of all that was not given. Paths are written
// as errors print them and as --set takes them: model.task[seg].decoder.channels (an Any is passed
// through as if it were its message; a repeated message with a `name` is indexed by it, any other
// repeated field by its position from 0).
class ResolvedConfig {
 public:
  // With every default written out, those of plugins' options too. has_x() is false only where a
  // field has no one default (the option `absent` in its .proto file).
  const Config& message() const { return config_; }

  // What files, assignments and changes said, and nothing else.
  const Config& given() const { return given_; }

  // The config's file as it was given, or the name of its text.
  const std::string& file() const { return file_; }

  // Where each field was set, by path.
  const Origins& origins() const { return origins_; }

  // message() as a text that load_config reads back to the same; with_origin adds a comment
  // "# file:line" or "# default" to each line that sets a field.
  std::string text(bool with_origin = false) const;
  // The same of given().
  std::string given_text(bool with_origin = false) const;

  // "file:line:column: path: problem" for the field at `path`, or for its nearest ancestor that a
  // file set.
  Error error(const std::string& path, const std::string& problem) const;

  // Makes the plugin that `any`, found at `path`, describes; its mistakes are located.
  template <class Interface>
  std::unique_ptr<Interface> create(const std::string& path, const google::protobuf::Any& any,
                                    const typename Interface::Context& context = {}) const {
    if (any.type_url().empty()) throw error(path, missing_plugin(Interface::kKind));
    try {
      return Registry::instance().create<Interface>(any, context);
    } catch (const OptionError& wrong) {
      throw error(wrong.field().empty() ? path : path + "." + wrong.field(), wrong.problem());
    } catch (const Error& wrong) {
      throw located(path, wrong);
    }
  }

 private:
  friend class ConfigLoader;
  // What made a plugin fail, with the place that names the plugin before it: a data set's folder
  // that is not there is one of some file's. Unknown names count as kUsage, else the kind stays.
  Error located(const std::string& path, const Error& failure) const;
  static std::string missing_plugin(const std::string& kind);

  Config given_;
  Config config_;
  std::set<std::string> defaults_;  // paths of what only config_ has
  Origins origins_;
  std::string file_;
};

// Reads `file` and its bases, lays `assignments` ("path=value", the command line's --set) over
// them, and at last writes defaults out: a base's never stand against a later layer. Merge rules:
//  - messages merge field by field; scalars replace;
//  - an Any of the same type merges field by field, of another type replaces;
//  - repeated messages with a `name` merge by name, other repeated fields replace;
//  - `remove` of a file takes paths out of its bases before the file itself is laid over them.
// Error (kUsage) is "file:line:column: path: problem", for syntax, unknown fields (did you mean),
// unknown plugin names, cycles of bases, paths of `remove` or --set that lead nowhere, values
// outside the range that their field has by its .proto file.
ResolvedConfig load_config(const std::filesystem::path& file,
                           const std::vector<std::string>& assignments = {});

// The same from a text (a resolved config out of a checkpoint); `name` stands for the file.
// A `base` is taken relative to the working directory.
ResolvedConfig parse_config(const std::string& text, const std::string& name,
                            const std::vector<std::string>& assignments = {});

// Lays a message that was made in the program over a config, by the rules above: first its `remove`
// takes paths out of `base`. It has no `base` of its own. What it sets has no place in a file: an
// error there names the nearest place of what is around it. Error (kUsage) as above.
//
// Example:
//   Config change;
//   change.mutable_train()->set_epochs(2);
//   change.add_remove("model.task[normal]");
//   const ResolvedConfig shorter = laid_over(load_config("rooms.pbtxt"), change);
ResolvedConfig laid_over(const ResolvedConfig& base, const Config& change);

}  // namespace tasuki
