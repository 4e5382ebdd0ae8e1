#include "tasuki/model/pretrained.h"

#include <algorithm>
#include <map>
#include <set>

#include "tasuki/model/model.h"
#include "tasuki/model/safetensors.h"

namespace tasuki {
namespace {

using TensorsByName = std::map<std::string, torch::Tensor>;

// Words that programs put in front of the names of an encoder: those of PyTorch's wrappers and of
// the members that hold the encoder.
bool is_known_word(const std::string& word) {
  static const std::set<std::string> known = {"module",      "model",
                                              "backbone",    "encoder",
                                              "net",         "network",
                                              "resnet",      "trunk",
                                              "base",        "body",
                                              "visual",      "state_dict",
                                              "base_model",  "feature_extractor",
                                              "img_encoder", "image_encoder",
                                              "_orig_mod"};
  return known.count(word) > 0;
}

bool is_known_prefix(const std::string& prefix) {
  for (size_t at = 0, end = 0; at < prefix.size(); at = end + 1) {
    end = prefix.find('.', at);
    if (!is_known_word(prefix.substr(at, end - at))) return false;
  }
  return true;
}

// What stands in front of the most names that are wanted: "" or "module.backbone.".
std::string common_prefix(const NamedTensors& published, const TensorsByName& wanted) {
  std::map<std::string, size_t> matches;
  for (const auto& [name, tensor] : published) {
    for (size_t tail = 0, dot = 0; dot != std::string::npos; tail = dot + 1) {
      if (wanted.count(name.substr(tail)) > 0) ++matches[name.substr(0, tail)];
      dot = name.find('.', tail);
    }
  }
  std::string best;
  for (const auto& [prefix, count] : matches) {
    if (count > matches[best]) best = prefix;
  }
  return best;
}

// The published tensors under the encoder's names, and what had to be done to them.
class Published {
 public:
  Published(NamedTensors tensors, const TensorsByName& wanted, const Encoder& encoder)
      : tensors_(std::move(tensors)) {
    take_prefix_off(wanted);
    std::erase_if(tensors_, [&](const auto& item) { return encoder.leaves_out(item.first); });
    convert(wanted);
    add_counters(wanted);
  }

  const NamedTensors& tensors() const { return tensors_; }
  const std::vector<std::string>& changes() const { return changes_; }

 private:
  void take_prefix_off(const TensorsByName& wanted) {
    const auto prefix = common_prefix(tensors_, wanted);
    if (prefix.empty() || !is_known_prefix(prefix)) return;
    NamedTensors inside;
    std::vector<std::string> others;
    for (auto& [name, tensor] : tensors_) {
      if (name.starts_with(prefix)) {
        inside.emplace_back(name.substr(prefix.size()), tensor);
      } else {
        others.push_back(name);
      }
    }
    tensors_ = std::move(inside);
    changes_.push_back("\"" + prefix + "\" was taken off its names");
    if (!others.empty()) changes_.push_back("left out: " + join_some(others));
  }

  void convert(const TensorsByName& wanted) {
    std::set<std::string> types;
    for (auto& [name, tensor] : tensors_) {
      const auto target = wanted.find(name);
      if (target == wanted.end() || !tensor.is_floating_point() ||
          !target->second.is_floating_point() ||
          tensor.scalar_type() == target->second.scalar_type()) {
        continue;
      }
      types.insert(std::string(toString(tensor.scalar_type())) + " was converted to " +
                   toString(target->second.scalar_type()));
      tensor = tensor.to(target->second.scalar_type());
    }
    changes_.insert(changes_.end(), types.begin(), types.end());
  }

  void add_counters(const TensorsByName& wanted) {
    const TensorsByName there(tensors_.begin(), tensors_.end());
    size_t missing = 0;
    for (const auto& [name, target] : wanted) {
      if (!name.ends_with("num_batches_tracked") || there.count(name) > 0) continue;
      tensors_.emplace_back(name, torch::zeros_like(target));
      ++missing;
    }
    if (missing > 0) changes_.push_back("num_batches_tracked is missing and begins at 0");
  }

  NamedTensors tensors_;
  std::vector<std::string> changes_;
};

void check_is_published(const Safetensors& file, const std::string& path) {
  const auto format = file.metadata.find("format");
  if (format == file.metadata.end() || !format->second.starts_with("tasuki-")) return;
  throw Error(ErrorKind::kData, path +
                                    ": is a checkpoint of Tasuki, not published weights of an "
                                    "encoder; begin from it with tasuki train --init " +
                                    path);
}

}  // namespace

std::string load_pretrained(const Encoder& encoder, const Architecture& architecture) {
  const std::string path = encoder.pretrained();
  if (path.empty()) return "";
  // Each copy of a stage takes the same tensors, so a layer of all names is strict once per copy.
  std::vector<NamedTensors> copies;
  std::vector<size_t> copies_of(encoder.stages().size(), 0);
  TensorsByName wanted;
  for (const auto& [stage, module] : architecture.stage_modules()) {
    const size_t copy = copies_of[stage]++;
    if (copies.size() <= copy) copies.resize(copy + 1);
    for (const auto& [name, tensor] : named_tensors(*module)) {
      copies[copy].emplace_back(encoder.stages()[stage].prefix + name, tensor);
      wanted.emplace(copies[copy].back());
    }
  }
  auto file = read_safetensors(path);
  check_is_published(file, path);
  const Published published(std::move(file.tensors), wanted, encoder);
  for (size_t copy = 0; copy < copies.size(); ++copy) {
    const TensorsByName own(copies[copy].begin(), copies[copy].end());
    NamedTensors part;
    for (const auto& item : published.tensors()) {
      if (copy == 0 || own.count(item.first) != 0) part.push_back(item);
    }
    copy_tensors(part, copies[copy], path);
  }
  if (published.changes().empty()) return "";
  return "pretrained weights of " + path + ": " + join(published.changes(), "; ");
}

}  // namespace tasuki
