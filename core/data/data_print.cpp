#include "tasuki/data/data_print.h"

#include <algorithm>
#include <boost/crc.hpp>
#include <nlohmann/json.hpp>

namespace tasuki {
namespace {

void add_text(boost::crc_32_type& crc, std::string_view text) {
  crc.process_bytes(text.data(), text.size());
  crc.process_byte('\n');
}

void add_field(boost::crc_32_type& crc, const std::string& name, const cv::Mat& value) {
  add_text(crc, name + " " + std::to_string(value.rows) + "x" + std::to_string(value.cols) + " " +
                    std::to_string(value.type()));
  for (int y = 0; y < value.rows; ++y) {
    crc.process_bytes(value.ptr(y), size_t(value.cols) * value.elemSize());
  }
}

// What has become of a split, "" when it is the same.
std::string change(const SplitPrint& then, const std::vector<SplitPrint>& all_now) {
  const auto now = std::find_if(all_now.begin(), all_now.end(),
                                [&](const SplitPrint& one) { return one.split == then.split; });
  if (now == all_now.end()) return "is gone";
  if (now->samples != then.samples) {
    return std::to_string(then.samples) + " samples, now " + std::to_string(now->samples);
  }
  if (now->ids_crc32 != then.ids_crc32) return "as many samples as before, but other ids";
  return *now == then ? "" : "the same ids, but other images or labels";
}

}  // namespace

SplitPrint print_of(const std::string& split, const IdList& ids) {
  boost::crc_32_type crc;
  for (size_t i = 0; i < ids.size(); ++i) add_text(crc, ids.view(i));
  return {split, ids.size(), crc.checksum(), 0};
}

SplitPrint print_of(const std::string& split, const Dataset& dataset) {
  SplitPrint print = print_of(split, dataset.ids(split));
  const size_t count = std::min(print.samples, kPrintedSamples);
  boost::crc_32_type crc;
  for (size_t i = 0; i < count; ++i) {
    const Sample sample = dataset.load(split, i * print.samples / count);
    for (const auto& [name, field] : sample.fields) add_field(crc, name, field.value);
  }
  print.content_crc32 = crc.checksum();
  return print;
}

std::vector<std::string> data_changes(const std::vector<SplitPrint>& then,
                                      const std::vector<SplitPrint>& now) {
  std::vector<std::string> changes;
  for (const auto& old : then) {
    const auto what = change(old, now);
    if (what.empty()) continue;
    changes.push_back("split " + old.split + (what == "is gone" ? " " : ": ") + what);
  }
  return changes;
}

void to_json(nlohmann::json& out, const SplitPrint& print) {
  out = {{"split", print.split},
         {"samples", print.samples},
         {"ids_crc32", print.ids_crc32},
         {"content_crc32", print.content_crc32}};
}

void from_json(const nlohmann::json& in, SplitPrint& print) {
  in.at("split").get_to(print.split);
  in.at("samples").get_to(print.samples);
  in.at("ids_crc32").get_to(print.ids_crc32);
  in.at("content_crc32").get_to(print.content_crc32);
}

}  // namespace tasuki
