#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tasuki/study/findings.h"

namespace tasuki {

// How good a transfer is, by seed; higher is better, 0 is "no effect".
struct TransferScore {
  Edge edge;
  std::vector<double> by_seed;
  // 0: of trainings as long as the config says. Else the candidate was dropped after trainings of
  // so many epochs, and its score can be compared with others of that length alone.
  int64_t dropped_after = 0;
};

// A way to find out which transfers help. It keeps nothing: what it needs next follows from the
// trials that are finished, so that a search can stop and go on at any point.
class Strategy {
 public:
  virtual ~Strategy() = default;

  virtual std::string name() const = 0;
  // "gain in percent", for tables.
  virtual std::string unit() const = 0;
  // All trials that it needs as far as can be told now, in order; when all of them are finished and
  // none is added, scores() can be asked.
  virtual std::vector<Trial> trials(const Findings& findings) const = 0;
  // Of every ordered pair of tasks, in the order of all_edges.
  virtual std::vector<TransferScore> scores(const Findings& findings) const = 0;
  // At most so many epochs a seed, each weighted by its number of objectives: for the time left.
  virtual double planned_cost() const = 0;
  // Whether scores are gains in percent, which a margin can be asked of.
  virtual bool scores_are_gains() const { return true; }
};

struct StrategyContext {
  std::vector<std::string> tasks;  // of the config, in its order; two or more
  int64_t epochs = 0;              // of the config
};

// "enumerate", as published (SAAL_e, arXiv:2410.15875): each task alone and each unordered pair
// jointly, T + T(T-1)/2 trainings; the score of s->t is the gain of t in the pair {s, t} over t
// alone.
//
// "halving": successive halving over the T(T-1) candidate transfers (Jamieson and Talwalkar,
// arXiv:1502.07943). A candidate s->t is t's own model with the one transfer s->t, judged against
// t alone over as many epochs. All start with epochs / 2^k, the better half goes on with twice as
// many, up to the config's; each rung is trained from scratch, because a learning rate schedule
// belongs to its length. The score is the gain at the candidate's last rung; only those of the last
// rung are gains of the config's length, the others were dropped. Two objectives a training,
// whatever T is: with the whole joint model as the candidates' frame, halving would cost more than
// enumeration for fewer than 16 tasks.
//
// "tag" and "cosine": from one ordinary joint training that has the hook tasuki/Affinity: the
// one-step look-ahead affinity (arXiv:2109.04617) in percent of the loss, or the cosine of
// gradients on the shared parameters, each the mean over the run.
//
// Error (kUsage) lists the known names.
std::unique_ptr<Strategy> make_strategy(const std::string& name, const StrategyContext& context);
std::vector<std::string> strategy_names();

// One rung of successive halving.
struct Rung {
  int64_t epochs = 0;
  size_t candidates = 0;
};
// From all candidates down: ceil(n / 2^r) of them in rung r. As many halvings as leave one or two
// candidates, and no rung of less than one epoch.
std::vector<Rung> halving_rungs(size_t candidates, int64_t epochs);

// The trials that more than one strategy needs.
Trial alone(const std::string& task, int64_t epochs = 0);
Trial jointly(const std::vector<std::string>& tasks);

// Includes what scores above `margin`, leaves out a task that every transfer hurts (scores below 0)
// and into which none is included. What was dropped is not included, and does not count as hurting
// either: neither the margin nor 0 means at fewer epochs what it means at all of them. Fills task,
// transfer and margin of the selection. `tests`: the scores are differences of paired runs, so that
// a t test makes sense.
Selection select_transfers(const std::vector<std::string>& tasks,
                           const std::vector<TransferScore>& scores, double margin, bool tests);

// How far two selections over the same tasks agree.
struct Agreement {
  size_t shared = 0;  // transfers that both include or both leave out
  size_t of = 0;      // T(T-1)
  // Spearman's, of the scores, dropped candidates below those that went on; NaN where it is not
  // defined.
  double rank_correlation = 0;
};
Agreement agreement(const Selection& a, const Selection& b);

}  // namespace tasuki
