#pragma once

#include "tasuki/pack/pack.h"
#include "tasuki/pack/pack_writer.h"
#include "tasuki/pack/page_seal.h"
#include "tests/core/pack/samples.h"

namespace tasuki::testing {

// Six samples of a split behind train_pipeline and two behind eval_pipeline.
inline PackHeader small_header() {
  PackHeader header;
  header.set_dataset("data {\n  dataset { height: 5 }\n}\n");
  header.set_train_prefix("");
  header.set_eval_prefix("eval\n");
  for (const auto& [split, count, training] : {std::tuple("train", 6, true), {"val", 2, false}}) {
    auto& use = *header.add_use();
    use.set_split(split);
    use.set_training(training);
    use.set_samples(uint32_t(header.samples_size()));
    auto& samples = *header.add_samples();
    samples.set_split(split);
    for (int i = 0; i < count; ++i)
      samples.add_id("sample" + std::to_string(training ? i : 10 + i));
  }
  auto& classes = *header.add_classes();
  classes.set_field("seg");
  for (const char* name : {"a", "b", "c", "d"}) classes.add_name(name);
  return header;
}

// The sample that belongs to a place of that header.
inline Sample small_sample_at(const PackPlace& place) {
  return small_sample(int(10 * place.samples + place.index));
}

// The same; every second one has an image that takes pages of its own.
inline Sample larger_sample_at(const PackPlace& place) {
  Sample sample = small_sample_at(place);
  if (place.index % 2 == 0) {
    sample.fields["image"].value = cv::Mat(50, 40, CV_8UC3, cv::Scalar(double(place.index), 1, 2));
  }
  return sample;
}

// Puts `most` of the samples that are missing.
inline void put_samples(PackWriter& writer, size_t most = 100) {
  for (size_t i = 0; i < std::min(most, writer.missing().size()); ++i) {
    writer.put(writer.missing()[i], small_sample_at(writer.missing()[i]));
  }
}

inline void write_small_pack(const std::filesystem::path& file) {
  PackWriter writer(file, small_header());
  put_samples(writer);
  writer.finish();
}

inline void write_larger_pack(const std::filesystem::path& file) {
  PackWriter writer(file, small_header());
  for (const auto& place : writer.missing()) writer.put(place, larger_sample_at(place));
  writer.finish();
}

// A sealed file of these values.
inline void write_sealed(const std::filesystem::path& path,
                         const std::vector<std::pair<std::string, std::string>>& values) {
  LmdbFile::Layout layout;
  {
    LmdbFile file(path, LmdbFile::Mode::kWrite);
    file.write(values);
    layout = file.layout();
  }
  append_page_seal(path, layout);
}

}  // namespace tasuki::testing
