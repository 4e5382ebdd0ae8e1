#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

namespace tasuki {

// Memory that several caches share, such as those of a run's splits: each takes what it keeps, and
// gives it back when it goes. Thread-safe.
class CacheBudget : public std::enable_shared_from_this<CacheBudget> {
 public:
  // Bytes that were taken; given back when it is destroyed. Converts to false when it holds none.
  class Share {
   public:
    Share() = default;
    Share(Share&& other) noexcept : budget_(std::move(other.budget_)), bytes_(other.bytes_) {}
    Share& operator=(Share&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Share() {
      if (budget_) budget_->give_back(bytes_);
    }
    explicit operator bool() const { return budget_ != nullptr; }

   private:
    friend class CacheBudget;
    Share(std::shared_ptr<CacheBudget> budget, size_t bytes)
        : budget_(std::move(budget)), bytes_(bytes) {}

    std::shared_ptr<CacheBudget> budget_;
    size_t bytes_ = 0;
  };

  static std::shared_ptr<CacheBudget> of(size_t bytes) {
    return std::shared_ptr<CacheBudget>(new CacheBudget(bytes));
  }

  // `bytes` of it, or an empty share when less is left.
  Share take(size_t bytes) {
    const std::lock_guard lock(mutex_);
    if (bytes > left_) return {};
    left_ -= bytes;
    return {shared_from_this(), bytes};
  }
  size_t left() const {
    const std::lock_guard lock(mutex_);
    return left_;
  }

 private:
  explicit CacheBudget(size_t bytes) : left_(bytes) {}
  void give_back(size_t bytes) {
    const std::lock_guard lock(mutex_);
    left_ += bytes;
  }

  mutable std::mutex mutex_;
  size_t left_;
};

}  // namespace tasuki
