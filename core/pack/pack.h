#pragma once

#include <memory>

#include "tasuki/data/dataset.h"
#include "tasuki/pack/pack_contents.h"
#include "tasuki/pack/pack_file.h"
#include "tasuki/pack/shard_files.h"

namespace tasuki {

// A complete pack of `tasuki data pack`, to read: one file, or a folder of shards. Thread-safe.
class Pack {
 public:
  // Error (kData) for what is none, or is incomplete; it says how to make one. Of shards it looks
  // at the sizes alone: each is verified when its first sample is read. `most_open`: shards that
  // are open at a time.
  explicit Pack(std::filesystem::path path, size_t most_open = ShardFiles::kMostOpen);

  const std::filesystem::path& path() const { return path_; }
  const PackContents& contents() const { return contents_; }
  const PackHeader& header() const { return contents().header; }
  // Samples in it, however many splits and pipelines share them.
  size_t samples() const { return contents().samples(); }
  // Ids of a list of samples (a place in header().samples()).
  const IdList& ids(uint32_t samples) const { return contents().ids[samples]; }
  // How many of them lie in each file, in index order.
  std::vector<size_t> shards(uint32_t samples) const;
  // All its files.
  std::vector<std::filesystem::path> files() const;
  // The sample, its checksum verified. Error (kData) where it is damaged or missing names the file,
  // the split and the index.
  Sample load(const PackPlace& place) const;

 private:
  const std::filesystem::path path_;
  std::unique_ptr<const PackFile> file_;  // or
  std::unique_ptr<const ShardFiles> shards_;
  PackContents contents_;
};

// True where `path` is a complete pack of these very contents already; its shards are looked at by
// their sizes. Error (kUsage) where it is one of others, saying what differs, and Error (kData)
// where it is something else: nothing is overwritten.
bool is_packed(const std::filesystem::path& path, const PackContents& contents);

// A pack as a data set: its splits, and the samples behind the deterministic prefix of the pipeline
// that its config puts them through. What check_sample asks for was checked when the raw files were
// read; a checksum vouches for it since.
class PackedDataset final : public Dataset {
 public:
  // All splits; one that is behind both pipelines gives the samples of the first that uses it.
  explicit PackedDataset(std::shared_ptr<const Pack> pack);
  // The splits behind train_pipeline alone, or those behind eval_pipeline.
  std::shared_ptr<const PackedDataset> behind(bool training) const;
  const Pack& pack() const { return *pack_; }

  std::vector<std::string> splits() const override;
  size_t size(const std::string& split) const override;
  IdList ids(const std::string& split) const override;
  std::vector<std::string> class_names(const std::string& field) const override;
  std::vector<DatasetPart> parts(const std::string& split) const override;
  std::vector<size_t> shards(const std::string& split) const override;
  Sample load(const std::string& split, size_t index) const override;

 private:
  PackedDataset(std::shared_ptr<const Pack> pack, std::string pipeline,
                std::vector<PackHeader::Use> uses);
  uint32_t place_of(const std::string& split) const;

  const std::shared_ptr<const Pack> pack_;
  const std::string pipeline_;  // "train_pipeline", or "" for both
  const std::vector<PackHeader::Use> uses_;
};

}  // namespace tasuki
