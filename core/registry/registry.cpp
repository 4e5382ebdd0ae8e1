#include "tasuki/registry/registry.h"

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <filesystem>
#include <mutex>
#include <set>
#include <utility>

#include "tasuki/config/defaults.h"
#include "tasuki/config/field_schema.h"
#include "tasuki/data/field_kind.h"
#include "tasuki/registry/manifest.h"

namespace tasuki {
namespace {

// Names whose constructors have run and that no registry has taken over yet.
std::vector<RegistryEntry>& pending() {
  static std::vector<RegistryEntry> entries;
  return entries;
}

// Modules are loaded once a process, and what their constructors announce goes to whoever loads
// them: one lock for all registries. A constructor may ask a registry for something.
std::recursive_mutex& registry_mutex() {
  static auto* mutex = new std::recursive_mutex;
  return *mutex;
}

// What the program itself registers, and libraries that it is linked with or opened itself: known
// to every registry.
struct ProgramNames {
  std::map<std::string, RegistryEntry> entries;
  std::set<std::string> twice;
};

// The lock is held. `pending` has no module's names then: load() takes those.
const ProgramNames& program_names() {
  static auto* names = new ProgramNames;
  for (auto& entry : std::exchange(pending(), {})) {
    const std::string name = entry.name;
    if (!names->entries.emplace(name, std::move(entry)).second) names->twice.insert(name);
  }
  return *names;
}

// Loaded modules stay mapped until the process ends: their code is in every object they made.
std::vector<boost::dll::shared_library>& loaded_libraries() {
  static auto* libraries = new std::vector<boost::dll::shared_library>;
  return *libraries;
}

Error taken(const std::string& library, const std::string& what, const std::string& by) {
  return Error(ErrorKind::kPlugin, "module " + library + ": " + what + " is already taken by " +
                                       by + "; leave one of the two out or rename it");
}

void open_library(const std::string& file) {
  try {
    loaded_libraries().emplace_back(file, boost::dll::load_mode::rtld_now);
  } catch (const std::exception& failure) {
    throw Error(ErrorKind::kPlugin, "module " + file + " can't be loaded: " + failure.what());
  }
}

// did_you_mean, also for a name without its namespace: "ResNet" for "tasuki/ResNet".
std::string near_name(const std::string& name, const std::vector<std::string>& known) {
  if (name.find('/') != std::string::npos) return did_you_mean(name, known);
  std::vector<std::string> short_names;
  short_names.reserve(known.size());
  for (const auto& one : known) short_names.push_back(one.substr(one.find('/') + 1));
  const auto near = nearest_name(name, short_names);
  const auto found = std::find(short_names.begin(), short_names.end(), near);
  if (found == short_names.end()) return "";
  return did_you_mean(known[size_t(found - short_names.begin())], known);
}

}  // namespace

Registry& Registry::instance() {
  static auto* registry = new Registry;
  return *registry;
}

bool Registry::announce(RegistryEntry entry) {
  const std::lock_guard lock(registry_mutex());
  pending().push_back(std::move(entry));
  return true;
}

void Registry::add_folder(const std::string& folder) {
  const std::lock_guard lock(registry_mutex());
  looked_in_.push_back(folder);
  std::set<std::string> libraries;
  std::error_code code;
  for (const auto& item : std::filesystem::directory_iterator(folder, code)) {
    const auto& path = item.path();
    if (path.extension() == ".so" && std::filesystem::exists(manifest_path(path))) {
      libraries.insert(path.string());
    }
  }
  if (code) {
    throw Error(ErrorKind::kPlugin, "plugin folder " + folder + ": " + code.message());
  }
  for (const auto& library : libraries) announce_module(library);
}

void Registry::add_module(const std::string& file) {
  const std::lock_guard lock(registry_mutex());
  if (!std::filesystem::exists(file)) {
    throw Error(ErrorKind::kPlugin, "module " + file + ": there is no such file");
  }
  looked_in_.push_back(file);
  announce_module(std::filesystem::absolute(file).string());
}

void Registry::announce_module(const std::string& library) {
  for (const auto& module : modules_) {
    std::error_code code;
    if (std::filesystem::equivalent(module.library, library, code)) return;
  }
  const Manifest manifest = read_manifest(library);
  const auto* pool = google::protobuf::DescriptorPool::generated_pool();
  for (const auto& proto : manifest.proto_file()) {
    const auto other = proto_file_of_.find(proto);
    if (other != proto_file_of_.end())
      throw taken(library, "the .proto file " + proto, other->second);
    if (pool->FindFileByName(proto) != nullptr) {
      throw taken(library, "the .proto file " + proto, "the program itself");
    }
  }
  const auto& of_program = program_names().entries;
  Announced module{library, manifest_path(library).string(), {}, false};
  for (const auto& entry : manifest.entry()) {
    if (of_program.count(entry.name()) > 0) {
      throw taken(library, "the name " + entry.name(), "the program itself");
    }
    const auto other = module_of_.find(entry.name());
    if (other != module_of_.end()) {
      throw taken(library, "the name " + entry.name(), modules_[other->second].library);
    }
    if (!module.kind_of.emplace(entry.name(), entry.kind()).second) {
      throw taken(library, "the name " + entry.name(), "itself");
    }
  }
  for (const auto& entry : manifest.entry()) module_of_[entry.name()] = modules_.size();
  for (const auto& proto : manifest.proto_file()) proto_file_of_[proto] = library;
  modules_.push_back(std::move(module));
}

void Registry::load(size_t index) {
  auto& module = modules_[index];
  if (module.loaded) return;
  check_library(module.library, read_manifest(module.library));
  program_names();
  open_library(module.library);
  auto entries = std::exchange(pending(), {});
  std::map<std::string, std::string> brought;
  for (const auto& entry : entries) brought[entry.name] = entry.kind;
  if (brought != module.kind_of || brought.size() != entries.size()) {
    throw Error(
        ErrorKind::kPlugin,
        "module " + module.library + " registers other names than its manifest says; rebuild it");
  }
  for (auto& entry : entries) {
    entry.module = module.library;
    entries_[entry.name] = std::move(entry);
  }
  module.loaded = true;
}

std::vector<RegistryEntry> Registry::take_announced() {
  const std::lock_guard lock(registry_mutex());
  return std::exchange(pending(), {});
}

const RegistryEntry& Registry::find(const std::string& name, const std::string& kind) {
  const std::lock_guard lock(registry_mutex());
  const auto& entry = entry_of(name, kind);
  if (!kind.empty() && entry.kind != kind) {
    throw Error(ErrorKind::kPlugin, "\"" + name + "\" is of kind " + entry.kind +
                                        ", but the kind " + kind + " is needed here; " +
                                        known(kind));
  }
  return entry;
}

const RegistryEntry& Registry::entry_of(const std::string& name, const std::string& kind) {
  const auto module = module_of_.find(name);
  const auto& program = program_names();
  const auto own = program.entries.find(name);
  if (own == program.entries.end()) {
    if (module == module_of_.end()) unknown(name, kind);
    load(module->second);
    return entries_.at(name);
  }
  if (module != module_of_.end()) {
    throw taken(modules_[module->second].library, "the name " + name, "the program itself");
  }
  if (program.twice.count(name) > 0) {
    throw Error(ErrorKind::kPlugin,
                "the program registers the name " + name + " twice; rename one of the two");
  }
  return own->second;
}

bool Registry::knows(const std::string& name) const {
  const std::lock_guard lock(registry_mutex());
  return module_of_.count(name) > 0 || program_names().entries.count(name) > 0;
}

void Registry::unknown(const std::string& name, const std::string& kind) const {
  throw Error(ErrorKind::kPlugin, "there is no " + (kind.empty() ? "plugin" : kind) + " \"" + name +
                                      "\"" + near_name(name, names(kind)) + "; " + known(kind));
}

std::vector<std::string> Registry::names(const std::string& kind) const {
  const std::lock_guard lock(registry_mutex());
  std::set<std::string> found;
  for (const auto& [name, module] : module_of_) {
    if (kind.empty() || modules_[module].kind_of.at(name) == kind) found.insert(name);
  }
  for (const auto& [name, entry] : program_names().entries) {
    if (kind.empty() || entry.kind == kind) found.insert(name);
  }
  return {found.begin(), found.end()};
}

std::string Registry::known(const std::string& kind) const {
  const auto all = names(kind);
  if (!all.empty()) return "known: " + join(all);
  return "no " + (kind.empty() ? "plugin" : kind) + " is known; " +
         (looked_in_.empty() ? "no folder was searched for modules"
                             : "modules were looked for in " + join(looked_in_));
}

std::vector<std::string> Registry::kinds() const {
  const std::lock_guard lock(registry_mutex());
  std::set<std::string> found;
  for (const auto& module : modules_) {
    for (const auto& entry : module.kind_of) found.insert(entry.second);
  }
  for (const auto& entry : program_names().entries) found.insert(entry.second.kind);
  return {found.begin(), found.end()};
}

void Registry::load_all() {
  const std::lock_guard lock(registry_mutex());
  for (size_t i = 0; i < modules_.size(); ++i) load(i);
}

std::unique_ptr<google::protobuf::Message> Registry::unpack(const google::protobuf::Any& any) {
  const auto& entry = find(any.type_url());
  std::unique_ptr<google::protobuf::Message> options(entry.options->New());
  if (!options->ParseFromString(any.value())) {
    throw Error(ErrorKind::kPlugin, "the options of \"" + any.type_url() + "\" are not a " +
                                        entry.options->GetDescriptor()->full_name());
  }
  return options;
}

std::unique_ptr<google::protobuf::Message> Registry::checked_options(
    const google::protobuf::Any& any) {
  auto options = unpack(any);
  fill_defaults(*options);
  check_options(*options);
  return options;
}

const FieldKind& field_kind(std::string_view name) {
  static auto* kinds = new std::map<std::string, std::unique_ptr<FieldKind>, std::less<>>;
  static auto* mutex = new std::recursive_mutex;  // a kind may ask for another when it is made
  const std::lock_guard lock(*mutex);
  auto found = kinds->find(name);
  if (found == kinds->end()) {
    std::string key(name);
    auto kind = Registry::instance().create<FieldKind>(key);
    found = kinds->emplace(std::move(key), std::move(kind)).first;
  }
  return *found->second;
}

}  // namespace tasuki
