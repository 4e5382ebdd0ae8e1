#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tasuki {

// Ids of samples in index order, one behind the other in one block of memory: 8 bytes an id beside
// its characters. A list is never changed, so that copies and slices share the block: giving away
// 10^7 ids costs as much as giving away one.
//
//   const IdList ids = dataset.ids("train");
//   for (const auto& id : ids) print(id);        // a string each
//   if (ids.view(7) == "room-00007") ...         // none is made
class IdList {
 public:
  class Builder;
  class const_iterator;
  using iterator = const_iterator;
  using value_type = std::string;
  using const_reference = std::string;

  IdList() = default;
  IdList(const std::vector<std::string>& ids);  // implicit: it is the same list

  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  std::string operator[](size_t index) const { return std::string(view(index)); }
  // Without a copy; good as long as this list, or a copy or slice of it, lives. index < size().
  std::string_view view(size_t index) const;
  // The ids [first, last) of it; first <= last <= size().
  IdList slice(size_t first, size_t last) const;
  const_iterator begin() const;
  const_iterator end() const;

  bool operator==(const IdList& other) const;

 private:
  struct Block {
    std::string characters;
    std::vector<uint64_t> ends;  // of each id in them
  };
  explicit IdList(Block block);

  std::shared_ptr<const Block> block_;
  size_t begin_ = 0, end_ = 0;  // of the block's ids
};

// Makes a list, id by id.
class IdList::Builder {
 public:
  // For so many ids of so many characters together.
  void reserve(size_t ids, size_t characters);
  void add(std::string_view id) { add("", id); }
  // The id `prefix` + `id`.
  void add(std::string_view prefix, std::string_view id);
  // The list; the builder is empty then.
  IdList finish();

 private:
  Block block_;
};

class IdList::const_iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = std::string;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = std::string;

  const_iterator() = default;
  const_iterator(const IdList* list, size_t index) : list_(list), index_(index) {}
  std::string operator*() const { return (*list_)[index_]; }
  const_iterator& operator++() {
    ++index_;
    return *this;
  }
  const_iterator operator++(int) {
    auto before = *this;
    ++index_;
    return before;
  }
  bool operator==(const const_iterator&) const = default;

 private:
  const IdList* list_ = nullptr;
  size_t index_ = 0;
};

inline IdList::const_iterator IdList::begin() const {
  return {this, 0};
}
inline IdList::const_iterator IdList::end() const {
  return {this, size()};
}

// Ids of a text file in UTF-8, with or without a byte-order mark, one a line; blank lines and
// blanks at line ends don't count. Error (kData), with file and line, for an id that is given
// twice, leads out of its folder ("../x", "/x") or is of a hidden file ("a/.b/0", "._0").
IdList read_ids(const std::filesystem::path& file);

// Error (kData) for a list of two columns, such as VOC's lists of one class ("2008_000002 -1"): its
// first id has no file, and the first word of it has one. A file's name may have blanks.
void check_is_one_column(const std::filesystem::path& file, const IdList& ids,
                         const std::function<bool(const std::string&)>& has_file);

// Ids of all files below `folder` that end in `ending` (".png", "_depth.png"), whatever the case of
// its last part (0.JPG for ".jpg": see with_any_case), in natural order: numbers in names by their
// value, so that 9 comes before 10. Which files count, and errors: see files_below.
std::vector<std::string> find_ids(const std::filesystem::path& folder, const std::string& ending);

// Whether `a` comes before `b` in natural order. Names of equal numbers are ordered by their
// characters, so that two names are equal in order only where they are the same.
bool natural_less(const std::string& a, const std::string& b);

// The ids from one fraction of the list to another, in order: of the parts [a, b) and [b, c) none
// shares an id with the other, and none is left out between them.
IdList part_of(const IdList& ids, double from, double to);

// Where a list of `count` samples is cut so that its end, the fraction `held` of it, is held out;
// with `scene`, the name of a sample's scene by its place in the list, moved up to the next scene,
// so that none is on both sides.
size_t held_out_border(size_t count, double held,
                       const std::function<std::string(size_t)>& scene = nullptr);

}  // namespace tasuki
