#include "tasuki/loader/loader.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "tasuki/error/error.h"
#include "tasuki/loader/epoch_draws.h"
#include "tasuki/loader/stack_builder.h"

namespace tasuki {
namespace {

// Keeps the draws of a batch apart from those of an epoch's order and of its samples.
constexpr uint64_t kBatchPurpose = 0x6261746368u;
// Those of one process' part of it from those of the others.
constexpr uint64_t kProcessPurpose = 0x70726F6365737300u;

}  // namespace

// A batch in the making. It knows all that a worker needs, so that one which outlives its epoch is
// finished, and forgotten, without harm.
class Loader::Job {
 public:
  Job(const SampleSource& source, std::vector<SampleDraw> draws,
      std::unique_ptr<BatchBuilder> builder, uint64_t epoch, size_t number, bool counts)
      : source_(source),
        draws_(std::move(draws)),
        errors_(draws_.size()),
        builder_(std::move(builder)),
        epoch_(epoch),
        number_(number),
        counts_(counts) {}

  size_t size() const { return draws_.size(); }

  // Makes one sample. Of one job, every position is made once, by any thread.
  void make(size_t position) {
    const SampleDraw& draw = draws_[position];
    try {
      builder_->put(position, source_.get(draw), draw.index);
    } catch (const Error& error) {
      errors_[position] = error;
    } catch (const std::exception& error) {
      errors_[position] =
          Error(ErrorKind::kRun, "split " + source_.split() + ", index " +
                                     std::to_string(draw.index) + ": " + error.what());
    }
  }

  // The batch once all are made, or the first position's Error, whoever came to it first.
  Batch finish(const Options& options) {
    for (const auto& error : errors_) {
      if (error) throw *error;
    }
    Batch batch = builder_->finish();
    batch.epoch = epoch_;
    batch.counts = counts_;
    for (size_t i = 0; i < options.transforms.size(); ++i) {
      cv::RNG random(mix_seeds(
          {options.seed, epoch_, number_, i, kBatchPurpose + options.process * kProcessPurpose}));
      options.transforms[i]->apply(batch, random);
    }
    return batch;
  }

  // Kept by the loader under its lock:
  size_t claimed = 0;
  size_t made = 0;

 private:
  const SampleSource& source_;
  const std::vector<SampleDraw> draws_;
  std::vector<std::optional<Error>> errors_;
  const std::unique_ptr<BatchBuilder> builder_;
  const uint64_t epoch_;
  const size_t number_;  // of the batch in its epoch
  const bool counts_;
};

namespace {

// Batches that a step has at once: its own, and one for validation or the last one.
constexpr size_t kBatchesInUse = 2;

using Clock = std::chrono::steady_clock;

}  // namespace

struct Loader::Implementation {
  const SampleSource& source;
  const Options options;
  const std::shared_ptr<const Collate> collate;
  const size_t length;  // samples of an epoch
  const size_t batches;
  const std::shared_ptr<BlockPool> pool;

  std::mutex mutex;  // guards all that follows but the threads
  std::condition_variable_any work_ready;
  std::condition_variable batch_ready;
  EpochDraws order;                       // of this epoch; empty before the first
  size_t begun = 0;                       // batches of this epoch that have a job
  size_t delivered = 0;                   // batches that next() has returned
  std::deque<std::shared_ptr<Job>> jobs;  // begun and not delivered, in order
  double waited = 0;
  std::exception_ptr failure;         // a worker could not begin a job; for next() to throw
  std::vector<std::jthread> threads;  // last: they end before what they use does

  Implementation(const SampleSource& from, const Options& given);
  ~Implementation() {
    for (auto& thread : threads) thread.request_stop();
  }

  void start(uint64_t new_epoch, size_t first_batch);
  EpochDraws order_of(uint64_t of_epoch) const;
  std::optional<Batch> next();
  std::shared_ptr<Job> begin_job();
  std::shared_ptr<Job> take_front(std::unique_lock<std::mutex>& lock);
  void work(const std::stop_token& stop);
  bool has_samples_left();
  [[noreturn]] void throw_failure();
  bool has_work() const;
};

Loader::Implementation::Implementation(const SampleSource& from, const Options& given)
    : source(from),
      options(given),
      collate(given.collate ? given.collate : std::make_shared<Stack>()),
      length(given.sampler ? given.sampler->length() : from.size()),
      batches(given.batch_size == 0 ? 0
              : given.drop_last     ? length / given.batch_size
                                    : (length + given.batch_size - 1) / given.batch_size),
      pool(std::make_shared<BlockPool>(from.fields().size() * (given.workers
                                                                   ? given.prefetch + kBatchesInUse
                                                                   : kBatchesInUse))) {
  if (options.batch_size == 0) {
    throw Error(ErrorKind::kUsage, "loader: batch_size must be at least 1");
  }
  if (source.size() > EpochDraws::most_samples()) {
    throw Error(ErrorKind::kUsage, "loader: split " + source.split() + " has " +
                                       std::to_string(source.size()) +
                                       " samples, more than the 2^32 that an epoch takes");
  }
  if (options.workers > 0 && options.prefetch == 0) {
    throw Error(ErrorKind::kUsage, "loader: prefetch must be at least 1 with workers");
  }
  if (options.process >= options.processes) {
    throw Error(ErrorKind::kUsage, "loader: process must be below processes");
  }
  for (size_t i = 0; i < options.workers; ++i) {
    threads.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
}

EpochDraws Loader::Implementation::order_of(uint64_t of_epoch) const {
  const auto indices = options.sampler
                           ? options.sampler->order(options.seed, of_epoch)
                           : epoch_order(length, options.shuffle, options.seed, of_epoch);
  const bool inside = std::all_of(indices.begin(), indices.end(),
                                  [&](size_t index) { return index < source.size(); });
  if (indices.size() != length || !inside) {
    throw Error(ErrorKind::kPlugin,
                "the sampler of split " + source.split() + " gives " +
                    std::to_string(indices.size()) + " samples, " +
                    (inside ? "and not the " + std::to_string(length) + " that it promises"
                            : "one of them beyond the split's " + std::to_string(source.size())));
  }
  return {of_epoch, indices, source.size()};
}

void Loader::Implementation::start(uint64_t new_epoch, size_t first_batch) {
  if (first_batch > batches) {
    throw Error(ErrorKind::kUsage, "loader: an epoch of split " + source.split() + " has " +
                                       std::to_string(batches) + " batches: none can begin at " +
                                       std::to_string(first_batch));
  }
  auto new_order = order_of(new_epoch);
  {
    const std::lock_guard lock(mutex);
    order = std::move(new_order);
    begun = delivered = first_batch;
    waited = 0;
    failure = nullptr;
    jobs.clear();
  }
  work_ready.notify_all();
}

std::shared_ptr<Loader::Job> Loader::Implementation::begin_job() {
  const size_t begin = begun * options.batch_size;
  const size_t size = std::min(options.batch_size, order.size() - begin);
  const auto part = [&](size_t process) {  // rounded up: the first process always has some
    return begin + (size * process + options.processes - 1) / options.processes;
  };
  size_t first = part(options.process), last = part(options.process + 1);
  const bool counts = last > first;
  if (!counts) last = (first = begin) + 1;
  auto builder =
      collate->begin(last - first, source.fields(), {options.pinned, options.channels_last, pool});
  return std::make_shared<Job>(source, order.part(first, last), std::move(builder), order.epoch(),
                               begun, counts);
}

// Either the newest job has samples left that nobody makes, or another job may begin.
bool Loader::Implementation::has_work() const {
  if (!jobs.empty() && jobs.back()->claimed < jobs.back()->size()) return true;
  return !failure && !order.empty() && begun < batches && jobs.size() < options.prefetch;
}

// Whether the newest job has samples left that nobody makes; it is a new one where there was none.
// Where memory is too short for that, next() is told: what leaves a worker would end the process.
bool Loader::Implementation::has_samples_left() {
  if (!jobs.empty() && jobs.back()->claimed < jobs.back()->size()) return true;
  try {
    jobs.push_back(begin_job());
    ++begun;
    return true;
  } catch (const std::exception&) {
    failure = std::current_exception();
    batch_ready.notify_one();
    return false;
  }
}

void Loader::Implementation::throw_failure() {
  const auto problem = std::exchange(failure, nullptr);
  work_ready.notify_all();  // the next call tries again
  try {
    std::rethrow_exception(problem);
  } catch (const std::exception& error) {
    throw Error(ErrorKind::kRun,
                "split " + source.split() + ": a batch can't be begun: " + error.what());
  }
}

void Loader::Implementation::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex);
  while (work_ready.wait(lock, stop, [&] { return has_work(); }) && !stop.stop_requested()) {
    if (!has_samples_left()) continue;
    const std::shared_ptr<Job> job = jobs.back();
    const size_t position = job->claimed++;
    lock.unlock();
    job->make(position);
    lock.lock();
    if (++job->made == job->size()) batch_ready.notify_one();
  }
}

// The next batch's job, all its samples made.
std::shared_ptr<Loader::Job> Loader::Implementation::take_front(
    std::unique_lock<std::mutex>& lock) {
  if (threads.empty()) {
    const auto job = begin_job();
    ++begun;
    lock.unlock();  // waited() may be asked meanwhile
    for (size_t position = 0; position < job->size(); ++position) job->make(position);
    lock.lock();
    return job;
  }
  batch_ready.wait(lock, [&] {
    return jobs.empty() ? failure != nullptr : jobs.front()->made == jobs.front()->size();
  });
  if (jobs.empty()) throw_failure();
  const std::shared_ptr<Job> job = jobs.front();
  jobs.pop_front();
  return job;
}

std::optional<Batch> Loader::Implementation::next() {
  std::unique_lock lock(mutex);
  if (order.empty() || delivered == batches) return std::nullopt;
  const auto begin = Clock::now();
  const auto job = take_front(lock);
  waited += std::chrono::duration<double>(Clock::now() - begin).count();
  ++delivered;
  lock.unlock();
  work_ready.notify_all();
  return job->finish(options);
}

Loader::Loader(const SampleSource& source, Options options)
    : implementation_(std::make_unique<Implementation>(source, options)) {}

Loader::~Loader() = default;

size_t Loader::batches() const {
  return implementation_->batches;
}
void Loader::start(uint64_t epoch, size_t first_batch) {
  implementation_->start(epoch, first_batch);
}
std::optional<Batch> Loader::next() {
  return implementation_->next();
}

double Loader::waited() const {
  const std::lock_guard lock(implementation_->mutex);
  return implementation_->waited;
}

}  // namespace tasuki
