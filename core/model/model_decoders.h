#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tasuki/config/config.h"
#include "tasuki/model/decoder.h"
#include "tasuki/model/feature_cut.h"
#include "tasuki/model/objective.h"

namespace tasuki {

// A decoder of a model with the objectives whose logits it makes.
class ModelDecoder {
 public:
  ModelDecoder(std::shared_ptr<Decoder> decoder, const Objective& objective)
      : name_(objective.name), objectives_{objective}, single_(std::move(decoder)) {}
  ModelDecoder(std::string name, std::shared_ptr<CrossTaskDecoder> decoder,
               std::vector<Objective> objectives)
      : name_(std::move(name)), objectives_(std::move(objectives)), cross_(std::move(decoder)) {}

  const std::string& name() const { return name_; }  // "decoder.NAME" is what its tensors are of
  const std::vector<Objective>& objectives() const { return objectives_; }
  // Whether it mixes the features of several routes.
  bool mixes() const { return objectives_.size() > 1; }
  // The objectives whose losses train its parameter of this name.
  std::set<std::string> trained_by(const std::string& parameter) const;

  // Outputs by objective: its logits first, then what supervises it besides. `features` are those
  // of its objectives' routes. Error (kPlugin) where it gives other outputs than it has to.
  std::map<std::string, std::vector<DecoderOutput>> run(
      const std::map<std::string, RouteFeatures>& features, ForwardTrace* trace) const;

 private:
  std::vector<DecoderOutput> run_single(const RouteFeatures& features, ForwardTrace* trace) const;
  std::vector<DecoderOutput> run_cross(const std::map<std::string, RouteFeatures>& features,
                                       ForwardTrace* trace) const;
  Error wrong(const std::string& what) const;

  std::string name_;
  std::vector<Objective> objectives_;
  std::shared_ptr<Decoder> single_;  // one of the two
  std::shared_ptr<CrossTaskDecoder> cross_;
};

// What a config says of its decoders of several tasks, checked: which of them serves which task.
class ServedTasks {
 public:
  // `tasks` are the model's own. Errors are located: a decoder without a name or tasks, a name that
  // is taken, a task that is not there, that two decoders serve or that has one of its own.
  ServedTasks(const ResolvedConfig& config, const std::vector<std::string>& tasks);

  struct Served {
    std::string name;
    std::string path;                // in the config
    std::vector<std::string> tasks;  // of the model; may be empty
  };
  const std::vector<Served>& decoders() const { return decoders_; }
  // The decoder that serves a task, also one that the model does not predict; "" for none.
  std::string decoder_of(const std::string& task) const;

 private:
  void add(const ResolvedConfig& config, const DecoderConfig& described,
           const std::vector<std::string>& tasks);

  std::vector<Served> decoders_;
  std::map<std::string, std::string> decoder_of_;
};

}  // namespace tasuki
