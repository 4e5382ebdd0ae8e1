#include "tasuki/config/config.h"

#include <algorithm>

#include "tasuki/config/assign.h"
#include "tasuki/config/config_file.h"
#include "tasuki/config/defaults.h"
#include "tasuki/config/field_schema.h"
#include "tasuki/config/layer.h"
#include "tasuki/config/merge.h"
#include "tasuki/config/parse.h"
#include "tasuki/config/path.h"
#include "tasuki/config/plugin_finder.h"
#include "tasuki/config/reflect.h"
#include "tasuki/config/remove.h"
#include "tasuki/config/writer.h"

namespace tasuki {
namespace {

// Loading goes down a level for each; far more than anyone reads.
constexpr size_t kLongestChain = 64;

// Some editors begin a file with one; protobuf takes it for a letter.
std::string without_byte_order_mark(const std::string& text) {
  return text.rfind("\xEF\xBB\xBF", 0) == 0 ? text.substr(3) : text;
}

}  // namespace

class ConfigLoader {
 public:
  Layer load(const std::filesystem::path& file, const std::string& asked_by) {
    const auto text = read_config_file(file, asked_by);
    const auto key = std::filesystem::weakly_canonical(file).string();
    const auto known = loaded_.find(key);
    if (known != loaded_.end()) return known->second;
    check_chain(file, key, asked_by);
    chain_.emplace_back(key, file.string());
    Layer layer = resolve(text, file.string(), file.parent_path());
    chain_.pop_back();
    return loaded_[key] = std::move(layer);
  }

  // Lays a text over its bases, which are looked for from `folder` on.
  Layer resolve(const std::string& text, const std::string& name,
                const std::filesystem::path& folder) {
    Layer own, merged;
    own.origins = parse_text({without_byte_order_mark(text), name, true, "", nullptr}, own.config);
    for (int i = 0; i < own.config.base_size(); ++i) {
      const auto base = (folder / own.config.base(i)).lexically_normal();
      merge(merged, load(base, place(own, element_path("base", std::to_string(i)))));
    }
    for (int i = 0; i < own.config.remove_size(); ++i) {
      remove(merged, own.config.remove(i), place(own, element_path("remove", std::to_string(i))));
    }
    for (const auto* field : {"base", "remove"}) own.origins.erase(field);
    own.config.clear_base();
    own.config.clear_remove();
    merge(merged, own);
    return merged;
  }

  static Layer lay_over(const ResolvedConfig& base, Config change) {
    if (change.base_size() > 0) {
      throw Error(ErrorKind::kUsage, base.file() + ": base: a change in the program has none");
    }
    Layer merged{base.given(), base.origins()};
    for (const auto& path : change.remove()) remove(merged, path, base.file() + ": remove: ");
    change.clear_remove();
    merge(merged, {std::move(change), {}});
    return merged;
  }

  static ResolvedConfig finish(Layer layer, const std::string& file,
                               const std::vector<std::string>& assignments) {
    for (const auto& assignment : assignments) assign(layer, assignment);
    ResolvedConfig resolved;
    resolved.given_ = std::move(layer.config);
    resolved.config_ = resolved.given_;
    resolved.defaults_ = fill_defaults(resolved.config_);
    resolved.origins_ = std::move(layer.origins);
    resolved.file_ = file;
    try {
      check_ranges(resolved.config_, "");
    } catch (const OptionError& wrong) {
      throw resolved.error(wrong.field(), wrong.problem());
    }
    return resolved;
  }

 private:
  static std::string place(const Layer& layer, const std::string& path) {
    return layer.origins.nearest(path)->text() + ": " + path + ": ";
  }

  static void remove(Layer& layer, const std::string& path, const std::string& asked_by) {
    try {
      remove_path(layer, path);
    } catch (const OptionError& wrong) {
      throw Error(ErrorKind::kUsage, asked_by + wrong.what());
    }
  }

  void check_chain(const std::filesystem::path& file, const std::string& key,
                   const std::string& asked_by) const {
    const auto same = [&](const auto& link) { return link.first == key; };
    const auto start = std::find_if(chain_.begin(), chain_.end(), same);
    if (start != chain_.end()) {
      std::string cycle;
      for (auto link = start; link != chain_.end(); ++link) cycle += link->second + " -> ";
      throw Error(ErrorKind::kUsage, asked_by + "the bases form a cycle: " + cycle + file.string());
    }
    if (chain_.size() >= kLongestChain) {
      throw Error(ErrorKind::kUsage, asked_by + "more than 64 configs, each the base of another");
    }
  }

  // Files between the first and the one being read: canonical and as they were named.
  std::vector<std::pair<std::string, std::string>> chain_;
  std::map<std::string, Layer> loaded_;  // a base of several files is read once
};

std::string ResolvedConfig::text(bool with_origin) const {
  return with_origin ? write_text(config_, origins_, defaults_) : write_text(config_);
}

std::string ResolvedConfig::given_text(bool with_origin) const {
  return with_origin ? write_text(given_, origins_, {}) : write_text(given_);
}

Error ResolvedConfig::error(const std::string& path, const std::string& problem) const {
  const Origin* origin = origins_.nearest(canonical_path(config_, path));
  return Error(ErrorKind::kUsage,
               (origin == nullptr ? file_ : origin->text()) + ": " + path + ": " + problem);
}

Error ResolvedConfig::located(const std::string& path, const Error& failure) const {
  const auto kind = failure.kind();
  return Error(kind == ErrorKind::kPlugin ? ErrorKind::kUsage : kind,
               error(path, failure.what()).what());
}

std::string ResolvedConfig::missing_plugin(const std::string& kind) {
  return missing_plugin_text(kind);
}

ResolvedConfig load_config(const std::filesystem::path& file,
                           const std::vector<std::string>& assignments) {
  ConfigLoader loader;
  return loader.finish(loader.load(file, ""), file.string(), assignments);
}

ResolvedConfig parse_config(const std::string& text, const std::string& name,
                            const std::vector<std::string>& assignments) {
  ConfigLoader loader;
  return loader.finish(loader.resolve(text, name, ""), name, assignments);
}

ResolvedConfig laid_over(const ResolvedConfig& base, const Config& change) {
  return ConfigLoader::finish(ConfigLoader::lay_over(base, change), base.file(), {});
}

}  // namespace tasuki
