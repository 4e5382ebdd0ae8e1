#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tasuki/data/dataset.h"
#include "tasuki/data/transform.h"
#include "tasuki/loader/sample_cache.h"
#include "tasuki/loader/source.h"

namespace tasuki {

using Pipeline = std::vector<std::unique_ptr<Transform>>;

// How many transforms stand before the first random one: the pipeline's deterministic prefix.
size_t deterministic_prefix(const Pipeline& pipeline);

// A split of a data set, and how errors name its samples: "sample ID (split S, index I, FILE)".
struct SourceSplit {
  std::shared_ptr<const Dataset> dataset;
  std::string name;

  std::string place(const Sample& sample, size_t index, std::string file = "") const;
  // Of a sample that could not be loaded.
  std::string place(size_t index) const;
};

// Of one field of a kind, for one who uses it ("task seg"): what is wrong with which value at which
// pixel, or "". Called by several threads at once.
struct LabelCheck {
  std::string field;
  const FieldKind* kind = nullptr;
  std::string user;
  std::function<std::string(const cv::Mat& label)> error;
};

// What all sources below have in common: whatever is thrown inside leaves as an Error that names
// the sample. Errors keep their kind, OpenCV's become kData, others kRun.

// The samples as the data set has them.
class LoadedSource : public Source {
 public:
  explicit LoadedSource(SourceSplit split) : split_(std::move(split)) {}
  size_t size() const override { return split_.dataset->size(split_.name); }
  Sample get(const SampleDraw& draw) const override;

 private:
  SourceSplit split_;
};

// Behind the transforms [begin, end) of a pipeline, with a generator seeded by (seed, index), or,
// for `random` ones, by (seed, epoch, index) and the repeat.
class TransformedSource : public Source {
 public:
  struct Part {
    std::shared_ptr<const Pipeline> pipeline;
    size_t begin = 0, end = 0;
    uint64_t seed = 0;
    bool random = false;
  };
  TransformedSource(std::shared_ptr<const Source> inner, SourceSplit split, Part part)
      : inner_(std::move(inner)), split_(std::move(split)), part_(std::move(part)) {}
  size_t size() const override { return inner_->size(); }
  Sample get(const SampleDraw& draw) const override { return apply(inner_->get(draw), draw); }
  Sample apply(Sample sample, const SampleDraw& draw) const;

 private:
  std::shared_ptr<const Source> inner_;
  SourceSplit split_;
  Part part_;
};

// The image and the fields that somebody asks for; others are dropped.
class FieldsSource : public Source {
 public:
  FieldsSource(std::shared_ptr<const Source> inner, std::vector<std::string> fields)
      : inner_(std::move(inner)), fields_(std::move(fields)) {}
  size_t size() const override { return inner_->size(); }
  Sample get(const SampleDraw& draw) const override;

 private:
  std::shared_ptr<const Source> inner_;
  std::vector<std::string> fields_;
};

// Keeps samples by index in memory, within a budget. What is inside must not depend on epoch and
// repeat.
class CachedSource : public Source {
 public:
  CachedSource(std::shared_ptr<const Source> inner, SourceSplit split,
               std::shared_ptr<CacheBudget> budget)
      : inner_(std::move(inner)), split_(std::move(split)), cache_(std::move(budget)) {}
  size_t size() const override { return inner_->size(); }
  Sample get(const SampleDraw& draw) const override;
  // False when somebody wrote into the kept sample's pixels. Reads all of them.
  bool unchanged(size_t index) const { return cache_.unchanged(index); }
  SampleCache::State state() const { return cache_.state(); }

 private:
  std::shared_ptr<const Source> inner_;
  SourceSplit split_;
  mutable SampleCache cache_;
};

// After each get: no transform has written into the sample that `cached` keeps. Error (kPlugin).
class VerifiedSource : public Source {
 public:
  VerifiedSource(std::shared_ptr<const Source> inner, SourceSplit split,
                 std::shared_ptr<const CachedSource> cached, std::string suspects)
      : inner_(std::move(inner)),
        split_(std::move(split)),
        cached_(std::move(cached)),
        suspects_(std::move(suspects)) {}
  size_t size() const override { return inner_->size(); }
  Sample get(const SampleDraw& draw) const override;

 private:
  std::shared_ptr<const Source> inner_;
  SourceSplit split_;
  std::shared_ptr<const CachedSource> cached_;
  std::string suspects_;  // the transforms that come into question, for the Error
};

// Labels that a check refuses are an Error (kData).
class CheckedSource : public Source {
 public:
  CheckedSource(std::shared_ptr<const Source> inner, SourceSplit split,
                std::vector<LabelCheck> checks)
      : inner_(std::move(inner)), split_(std::move(split)), checks_(std::move(checks)) {}
  size_t size() const override { return inner_->size(); }
  Sample get(const SampleDraw& draw) const override;

 private:
  std::shared_ptr<const Source> inner_;
  SourceSplit split_;
  std::vector<LabelCheck> checks_;
};

}  // namespace tasuki
