#pragma once

#include <google/protobuf/any.pb.h>
#include <google/protobuf/message.h>

#include <any>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "tasuki/error/error.h"

namespace tasuki {

// A mistake in one field of a plugin's options, thrown by its constructor. `field` is the path
// inside the options ("depth", "edge[0].from"), "" where the plugin itself does not fit the rest of
// the config; whoever creates the plugin adds file, line and column.
class OptionError : public Error {
 public:
  OptionError(std::string field, std::string problem)
      : Error(ErrorKind::kUsage, field.empty() ? problem : field + ": " + problem),
        field_(std::move(field)),
        problem_(std::move(problem)) {}
  const std::string& field() const { return field_; }
  const std::string& problem() const { return problem_; }

 private:
  std::string field_;
  std::string problem_;
};

// OptionError unless `holds`.
inline void require_option(bool holds, const std::string& field, const std::string& problem) {
  if (!holds) throw OptionError(field, problem);
}

// One registered name.
struct RegistryEntry {
  std::string kind;                                    // "Encoder"
  std::string name;                                    // "tasuki/ResNet"
  const google::protobuf::Message* options = nullptr;  // default instance of its options message
  std::any factory;                                    // Factory<Interface>
  std::string module;  // file of the module that brought it; "" for the program's own
};

// Interface has kKind (its kind's name) and Context (what a factory gets beside the options).
template <class Interface>
using Factory = std::function<std::unique_ptr<Interface>(const google::protobuf::Message&,
                                                         const typename Interface::Context&)>;

// All names of all kinds. Names are unique across kinds, because a config's Any is found by its
// name alone. Modules announced by their manifests are loaded when a name of theirs is asked for,
// and are never unloaded. A class that the program itself registers needs no module: every registry
// knows it. Any thread may ask: workers of a loader are often the first to need a kind.
class Registry {
 public:
  static Registry& instance();

  // Announces every module with a manifest in `folder`, in the order of file names.
  void add_folder(const std::string& folder);
  // Announces one module by its shared library; its manifest lies beside it.
  void add_module(const std::string& file);

  // The entry, its module loaded. Error (kPlugin) lists the known names of `kind` (all when "")
  // and the nearest.
  const RegistryEntry& find(const std::string& name, const std::string& kind = "");
  // All names of a kind ("": of all kinds), sorted, whether or not their modules are loaded yet.
  std::vector<std::string> names(const std::string& kind) const;
  // All kinds that have a name, sorted.
  std::vector<std::string> kinds() const;
  bool knows(const std::string& name) const;
  // How an error ends that a name of `kind` ("" for any) caused: "known: a, b", or, where there is
  // none, "no Decoder is known; modules were looked for in FOLDER".
  std::string known(const std::string& kind) const;
  // Loads every announced module.
  void load_all();

  // The options that `any` carries, as its name's message; Error when the bytes are another type's.
  std::unique_ptr<google::protobuf::Message> unpack(const google::protobuf::Any& any);

  // The same with every default written out. OptionError for a value outside the range that its
  // field has by its .proto file, and for a required field that is absent.
  std::unique_ptr<google::protobuf::Message> checked_options(const google::protobuf::Any& any);

  // Makes what `any` describes, of checked_options. Its type_url is the registered name as written
  // in the config.
  template <class Interface>
  std::unique_ptr<Interface> create(const google::protobuf::Any& any,
                                    const typename Interface::Context& context = {}) {
    const auto& entry = find(any.type_url(), Interface::kKind);
    return std::any_cast<const Factory<Interface>&>(entry.factory)(*checked_options(any), context);
  }
  // The same with default options.
  template <class Interface>
  std::unique_ptr<Interface> create(const std::string& name,
                                    const typename Interface::Context& context = {}) {
    google::protobuf::Any any;
    any.set_type_url(name);
    return create<Interface>(any, context);
  }

  // Used by TASUKI_REGISTER while constructors run: of a module (checked after dlopen), or of the
  // program.
  static bool announce(RegistryEntry entry);
  // Hands over what was announced and not yet taken: for the tool that writes manifests.
  static std::vector<RegistryEntry> take_announced();

 private:
  struct Announced {
    std::string library;
    std::string manifest;
    std::map<std::string, std::string> kind_of;  // by name
    bool loaded = false;
  };

  void load(size_t module);
  void announce_module(const std::string& library);
  const RegistryEntry& entry_of(const std::string& name, const std::string& kind);
  [[noreturn]] void unknown(const std::string& name, const std::string& kind) const;

  std::vector<Announced> modules_;
  std::vector<std::string> looked_in_;                // folders and files, as they were given
  std::map<std::string, size_t> module_of_;           // name -> index in modules_
  std::map<std::string, std::string> proto_file_of_;  // .proto file -> library that brings it
  std::map<std::string, RegistryEntry> entries_;
};

// The shared object for a field kind's name, made once and kept for the whole run.
class FieldKind;
const FieldKind& field_kind(std::string_view name);

template <class Interface, class Class, class Options>
bool register_plugin(const char* name) {
  Factory<Interface> factory = [](const google::protobuf::Message& message,
                                  const typename Interface::Context& context) {
    const auto& options = static_cast<const Options&>(message);
    std::unique_ptr<Class> made;
    if constexpr (std::is_constructible_v<Class, const Options&,
                                          const typename Interface::Context&>) {
      made = std::make_unique<Class>(options, context);
    } else {
      made = std::make_unique<Class>(options);
    }
    if constexpr (requires { made->set_up(options, context); }) made->set_up(options, context);
    return std::unique_ptr<Interface>(std::move(made));
  };
  return Registry::announce(
      {Interface::kKind, name, &Options::default_instance(), std::any(std::move(factory)), ""});
}

}  // namespace tasuki

#define TASUKI_CONCATENATE_(a, b) a##b
#define TASUKI_UNIQUE_(number) TASUKI_CONCATENATE_(tasuki_registered_, number)
// The last line of a plugin, in a module or in a program:
// Example:
//   TASUKI_REGISTER(tasuki::Hook, StopAtNight, google::protobuf::Empty, "acme/StopAtNight");
// Class is made as Class(const Options&, const Interface::Context&), or as Class(const Options&)
// where it needs no context. A base class of it that has set_up(options, context) gets both next.
#define TASUKI_REGISTER(Interface, Class, Options, name)           \
  [[maybe_unused]] static const bool TASUKI_UNIQUE_(__COUNTER__) = \
      ::tasuki::register_plugin<Interface, Class, Options>(name)
