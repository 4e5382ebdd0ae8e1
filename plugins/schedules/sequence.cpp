#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "plugins/schedules/schedules.pb.h"
#include "tasuki/engine/optimizer.h"
#include "tasuki/registry/registry.h"

namespace tasuki::schedules {
namespace {

using PieceOptions = options::Sequence::Piece;

std::string piece_field(int index, const std::string& field) {
  return "piece[" + std::to_string(index) + "]." + field;
}

// The plugin of a piece, its mistakes at its own place.
std::unique_ptr<Schedule> make_schedule(const PieceOptions& options, int index,
                                        const Schedule::Context& context) {
  const auto field = piece_field(index, "schedule");
  try {
    return Registry::instance().create<Schedule>(options.schedule(), context);
  } catch (const OptionError& wrong) {
    throw OptionError(wrong.field().empty() ? field : field + "." + wrong.field(), wrong.problem());
  }
}

class Sequence : public Schedule {
 public:
  Sequence(const options::Sequence& options, const Context& context) {
    require_option(options.piece_size() > 0, "piece", "at least one is needed");
    int64_t begin = 0;
    for (int i = 0; i < options.piece_size(); ++i) {
      const int64_t end = end_of(options, i, begin, context);
      const Context piece{context.steps_per_epoch, end - begin, context.measured};
      pieces_.push_back({begin, make_schedule(options.piece(i), i, piece)});
      begin = end;
    }
  }

  double factor(int64_t step) const override {
    const auto& piece = piece_of(step);
    return piece.schedule->factor(step - piece.begin);
  }

  // A figure belongs to the piece of the step before it.
  void observe(const std::vector<Measured>& measured, int64_t step) override {
    const auto& piece = piece_of(std::max<int64_t>(step - 1, 0));
    piece.schedule->observe(measured, step - piece.begin);
  }

  nlohmann::json state() const override {
    nlohmann::json states = nlohmann::json::array();
    bool any = false;
    for (const auto& piece : pieces_) {
      states.push_back(piece.schedule->state());
      any = any || !states.back().is_null();
    }
    return any ? states : nlohmann::json();
  }

  void load_state(const nlohmann::json& state) override {
    for (size_t i = 0; i < pieces_.size(); ++i) {
      if (!state.at(i).is_null()) pieces_[i].schedule->load_state(state[i]);
    }
  }

 private:
  struct Piece {
    int64_t begin;
    std::unique_ptr<Schedule> schedule;
  };

  const Piece& piece_of(int64_t step) const {
    const auto after =
        std::upper_bound(pieces_.begin(), pieces_.end(), step,
                         [](int64_t value, const Piece& piece) { return value < piece.begin; });
    return *std::prev(after);
  }

  // In steps of the run.
  static int64_t end_of(const options::Sequence& options, int index, int64_t begin,
                        const Context& context) {
    const auto& piece = options.piece(index);
    const bool last = index + 1 == options.piece_size();
    require_option(last != piece.has_end(), piece_field(index, "end"),
                   last ? "the last piece ends with the run; leave it out"
                        : "say where the piece ends and the next one begins");
    // A run may be shorter than its pieces, as a search's trials are.
    if (last) return std::max(context.total_steps, begin + 1);
    const int64_t unit = piece.by() == PieceOptions::STEP ? 1 : context.steps_per_epoch;
    const int64_t end = int64_t(piece.end()) * unit;
    require_option(
        end > begin, piece_field(index, "end"),
        "must be after the end of the piece before, which is at step " + std::to_string(begin));
    return end;
  }

  std::vector<Piece> pieces_;
};

}  // namespace

TASUKI_REGISTER(Schedule, Sequence, options::Sequence, "tasuki/Sequence");

}  // namespace tasuki::schedules
