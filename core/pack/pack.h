#pragma once

#include <memory>
#include <optional>

#include "tasuki/data/dataset.h"
#include "tasuki/pack/lmdb_file.h"
#include "tasuki/pack/pack.pb.h"
#include "tasuki/pack/packed_sample.h"
#include "tasuki/pack/sealed.h"

namespace tasuki {

// The format of packs that this program writes and reads.
inline constexpr const char* kPackVersion = "tasuki-pack-1";

// The header of a pack, or of one that is not complete; nothing for a file of LMDB that has not
// even a version. Error (kData) for a file that is no pack, a pack of another version, or a damaged
// header.
std::optional<PackHeader> read_pack_header(const LmdbFile& file, const std::filesystem::path& path);

// What is different between two headers, "" when nothing is: "line 4 of data.dataset was ... and
// now is ...", "split val had 100 samples and now has 120". `parts` says how much of them counts.
enum class PackParts {
  kConfig,  // the data set and the prefixes of the pipelines
  kAll,     // also the splits, their ids and the names of classes
};
std::string pack_change(const PackHeader& kept, const PackHeader& asked, PackParts parts);

// A complete pack of `tasuki data pack`, to read. Thread-safe.
class Pack {
 public:
  // Error (kData) for a file that is not one, or is incomplete; it says how to make one.
  explicit Pack(std::filesystem::path file);

  const std::filesystem::path& file() const { return path_; }
  const PackHeader& header() const { return header_; }
  // Samples in it, however many splits and pipelines share them.
  size_t samples() const;
  // The sample, its checksum verified. Error (kData) where it is damaged or missing names the file,
  // the split and the index.
  Sample load(const PackPlace& place) const;

 private:
  const std::filesystem::path path_;
  const LmdbFile values_;
  PackHeader header_;
  std::optional<FieldKindNames> kinds_;
};

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
