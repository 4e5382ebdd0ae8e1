#include "tasuki/model/safetensors.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tasuki/error/error.h"
#include "tasuki/io/atomic_file.h"
#include "tasuki/io/files.h"

namespace tasuki {
namespace {

using nlohmann::json;

constexpr size_t kLargestHeader = size_t{100} << 20;  // the format's own limit
constexpr size_t kLengthBytes = 8;
// Of the header's JSON: the root holds entries, an entry holds lists of numbers.
constexpr int kDeepestValue = 3;
// Names and values; a network of ten thousand tensors has a hundred thousand.
constexpr size_t kMostValues = size_t{1} << 22;

const std::vector<std::pair<std::string, torch::ScalarType>>& types() {
  static const std::vector<std::pair<std::string, torch::ScalarType>> table = {
      {"F64", torch::kFloat64},   {"F32", torch::kFloat32}, {"F16", torch::kFloat16},
      {"BF16", torch::kBFloat16}, {"I64", torch::kInt64},   {"I32", torch::kInt32},
      {"I16", torch::kInt16},     {"I8", torch::kInt8},     {"U8", torch::kUInt8},
      {"BOOL", torch::kBool}};
  return table;
}

std::string type_name(torch::ScalarType type) {
  for (const auto& [name, known] : types()) {
    if (known == type) return name;
  }
  throw Error(ErrorKind::kRun, std::string("safetensors has no type for ") + toString(type));
}

Error broken(const std::filesystem::path& path, const std::string& problem) {
  return Error(ErrorKind::kData, path.string() + ": not a valid safetensors file: " + problem);
}

// One tensor's place in the file, checked on its own.
struct Slot {
  std::string name;
  torch::ScalarType type;
  std::vector<int64_t> shape;
  size_t begin = 0, end = 0;
};

Slot parse_slot(const std::filesystem::path& path, const std::string& name, const json& item) {
  const auto wrong = [&](const std::string& what) {
    return broken(path, "tensor \"" + name + "\": " + what);
  };
  const auto is_sizes = [](const json& value) {
    return value.is_array() && std::all_of(value.begin(), value.end(), [](const json& size) {
             return size.is_number_unsigned();
           });
  };
  if (!item.is_object() || !item.contains("dtype") || !item["dtype"].is_string() ||
      !item.contains("shape") || !is_sizes(item["shape"]) || !item.contains("data_offsets") ||
      !is_sizes(item["data_offsets"]) || item["data_offsets"].size() != 2) {
    throw wrong("needs dtype, shape and two data_offsets");
  }
  Slot slot{name, torch::kFloat32, {}, item["data_offsets"][0], item["data_offsets"][1]};
  const auto type = std::find_if(types().begin(), types().end(), [&](const auto& known) {
    return known.first == item["dtype"].get<std::string>();
  });
  if (type == types().end()) throw wrong("unknown dtype " + item["dtype"].dump());
  slot.type = type->second;
  auto bytes = static_cast<int64_t>(torch::elementSize(slot.type));
  bool empty = false;
  for (const auto& item_size : item["shape"]) {
    const auto size = item_size.get<uint64_t>();
    empty |= size == 0;
    // A tensor without elements has strides all the same, those of sizes of 1.
    if (size > (uint64_t{1} << 48) ||
        __builtin_mul_overflow(bytes, std::max<uint64_t>(size, 1), &bytes)) {
      throw wrong("shape is absurdly large");
    }
    slot.shape.push_back(static_cast<int64_t>(size));
  }
  if (empty) bytes = 0;
  if (slot.end < slot.begin || slot.end - slot.begin != static_cast<size_t>(bytes)) {
    throw wrong("data_offsets span " + std::to_string(slot.end - slot.begin) +
                " bytes, dtype and "
                "shape need " +
                std::to_string(bytes));
  }
  return slot;
}

struct Header {
  std::vector<Slot> slots;
  std::map<std::string, std::string> metadata;
  size_t data_begin = 0;
};

// What the file is instead, where people take it for a safetensors file, or else `problem`. A
// PyTorch file is a pickle, by itself or in a zip archive.
Error no_header(const std::filesystem::path& path, std::string_view begin,
                const std::string& problem) {
  const bool zip = begin.starts_with("PK\x03\x04");
  const bool pickle = begin.size() > 1 && begin[0] == '\x80' && begin[1] >= 2 && begin[1] <= 5;
  if (zip || pickle) {
    return broken(path, std::string("it is a PyTorch file (.pth or .pt, a ") +
                            (zip ? "zip archive" : "pickle") +
                            "), which is not read, because reading one runs the code in it; "
                            "convert it with Python: safetensors.torch.save_file(torch.load("
                            "\"FILE.pth\", map_location=\"cpu\", weights_only=True), "
                            "\"FILE.safetensors\") (docs/pretrained.md)");
  }
  if (begin.starts_with("\x89HDF")) {
    return broken(path,
                  "it is an HDF5 file, as Keras writes it; save its tensors in the "
                  "safetensors format (docs/pretrained.md)");
  }
  return broken(path, problem);
}

// A hostile header may be deep or have so many values that they take many times its own bytes.
json parse_json(const std::filesystem::path& path, std::string_view begin,
                const std::string& text) {
  size_t values = 0;
  const auto check = [&](int depth, json::parse_event_t, json&) {
    if (depth > kDeepestValue) throw broken(path, "its header is nested too deep");
    if (++values > kMostValues) throw broken(path, "its header has too many values");
    return true;
  };
  const auto parsed = json::parse(text, check, false);
  if (!parsed.is_object()) throw no_header(path, begin, "its header is not a JSON object");
  return parsed;
}

Header read_header(const FileReader& file, const std::filesystem::path& path) {
  std::string begin(std::min(file.size(), kLengthBytes), '\0');
  file.read(0, begin.data(), begin.size());
  if (begin.size() < kLengthBytes) {
    throw no_header(path, begin, "shorter than its 8-byte header length");
  }
  uint64_t length = 0;
  for (int i = 7; i >= 0; --i) length = length << 8 | static_cast<unsigned char>(begin[size_t(i)]);
  if (length > kLargestHeader || length > file.size() - kLengthBytes) {
    throw no_header(path, begin,
                    "header length " + std::to_string(length) + " of a file of " +
                        std::to_string(file.size()) + " bytes");
  }
  std::string text(length, '\0');
  file.read(kLengthBytes, text.data(), length);
  Header header;
  header.data_begin = kLengthBytes + length;
  const auto parsed = parse_json(path, begin, text);
  for (const auto& [name, item] : parsed.items()) {
    if (name != "__metadata__") {
      header.slots.push_back(parse_slot(path, name, item));
      continue;
    }
    if (!item.is_object()) throw broken(path, "__metadata__ is not an object");
    for (const auto& [key, value] : item.items()) {
      if (!value.is_string()) throw broken(path, "__metadata__." + key + " is not a string");
      header.metadata[key] = value;
    }
  }
  std::sort(header.slots.begin(), header.slots.end(), [](const Slot& a, const Slot& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  size_t at = 0;
  for (const auto& slot : header.slots) {
    if (slot.begin != at) throw broken(path, "tensor \"" + slot.name + "\": gap or overlap before");
    at = slot.end;
  }
  if (at != file.size() - header.data_begin) {
    throw broken(path, "its tensors span " + std::to_string(at) + " bytes, the file has " +
                           std::to_string(file.size() - header.data_begin) +
                           " (truncated or damaged)");
  }
  return header;
}

std::string header_text(const Safetensors& file) {
  json header = json::object();
  if (!file.metadata.empty()) header["__metadata__"] = file.metadata;
  size_t at = 0;
  for (const auto& [name, tensor] : file.tensors) {
    const size_t bytes = tensor.nbytes();
    header[name] = {{"dtype", type_name(tensor.scalar_type())},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {at, at + bytes}}};
    at += bytes;
  }
  std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);
  text.append((8 - text.size() % 8) % 8, ' ');  // tensors begin aligned
  return text;
}

std::string shape_text(const torch::Tensor& tensor) {
  std::vector<std::string> sizes;
  for (const auto size : tensor.sizes()) sizes.push_back(std::to_string(size));
  return std::string(toString(tensor.scalar_type())) + " [" + join(sizes) + "]";
}

}  // namespace

// A tensor at a time, so that no second copy of all of them is in memory.
void write_safetensors(const std::filesystem::path& path, const Safetensors& file) {
  const std::string header = header_text(file);
  std::string length_bytes;
  for (size_t i = 0, length = header.size(); i < kLengthBytes; ++i, length >>= 8) {
    length_bytes.push_back(static_cast<char>(length & 0xff));
  }
  AtomicFile out(path);
  out.write(length_bytes);
  out.write(header);
  for (const auto& [name, tensor] : file.tensors) {
    const auto plain = tensor.detach().to(torch::kCPU).contiguous();
    out.write({static_cast<const char*>(plain.data_ptr()), plain.nbytes()});
  }
  out.commit();
}

Safetensors read_safetensors(const std::filesystem::path& path) {
  const FileReader bytes(path);
  const Header header = read_header(bytes, path);
  Safetensors file;
  file.metadata = header.metadata;
  for (const auto& slot : header.slots) {
    auto tensor = torch::empty(slot.shape, torch::TensorOptions().dtype(slot.type));
    // An empty tensor has no memory at all.
    bytes.read(header.data_begin + slot.begin, static_cast<char*>(tensor.data_ptr()),
               tensor.nbytes());
    file.tensors.emplace_back(slot.name, tensor);
  }
  return file;
}

std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path) {
  return read_header(FileReader(path), path).metadata;
}

void copy_tensors(const NamedTensors& tensors, const NamedTensors& targets,
                  const std::string& where) {
  const std::map<std::string, torch::Tensor> source(tensors.begin(), tensors.end());
  std::map<std::string, torch::Tensor> unexpected = source;
  std::vector<std::string> missing, mismatched, extra;
  for (const auto& [name, target] : targets) {
    unexpected.erase(name);
    const auto found = source.find(name);
    if (found == source.end()) {
      missing.push_back(name);
    } else if (found->second.sizes() != target.sizes() ||
               found->second.scalar_type() != target.scalar_type()) {
      mismatched.push_back(name + ": file " + shape_text(found->second) + ", model " +
                           shape_text(target));
    }
  }
  for (const auto& item : unexpected) extra.push_back(item.first);
  std::string problem;
  if (!missing.empty()) problem += "\n  missing: " + join_some(missing);
  if (!extra.empty()) problem += "\n  unexpected: " + join_some(extra);
  if (!mismatched.empty()) problem += "\n  mismatched: " + join_some(mismatched, "; ");
  if (!problem.empty()) {
    throw Error(ErrorKind::kData, where + ": its tensors are not this model's" + problem);
  }
  const torch::NoGradGuard no_grad;
  for (const auto& [name, target] : targets) {
    torch::Tensor destination = target;
    destination.copy_(source.at(name));
  }
}

std::string join_some(std::vector<std::string> names, std::string_view separator) {
  constexpr size_t kShown = 20;
  const size_t more = names.size() > kShown ? names.size() - kShown : 0;
  names.resize(names.size() - more);
  return join(names, separator) + (more > 0 ? " and " + std::to_string(more) + " more" : "");
}

}  // namespace tasuki
