#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tasuki::report {

// How often `part` occurs in `text`.
inline size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// A second implementation to hold the writer against: reads XML-like markup letter by letter,
// and fails at the first thing that is not well-formed.
class MarkupReader {
 public:
  struct Tag {
    std::string name;
    std::vector<std::pair<std::string, std::string>> attributes;  // values as written
  };

  explicit MarkupReader(std::string_view markup) : rest_(markup) {
    if (rest_.substr(0, 15) == "<!DOCTYPE html>") rest_.remove_prefix(15);
    while (problem_.empty() && !rest_.empty()) rest_[0] == '<' ? read_tag() : read_text();
    if (problem_.empty() && !open_.empty()) problem_ = "never closed: " + open_.back();
  }

  const std::string& problem() const { return problem_; }  // empty: well-formed
  const std::vector<Tag>& tags() const { return tags_; }
  const std::string& text() const { return text_; }  // all text, references as written

  size_t count(const std::string& name) const {
    size_t found = 0;
    for (const auto& tag : tags_) found += tag.name == name;
    return found;
  }

 private:
  void fail(const std::string& what) {
    problem_ = what + " before \"" + std::string(rest_.substr(0, 60)) + "\"";
  }

  bool take(std::string_view word) {
    if (rest_.substr(0, word.size()) != word) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::string take_name() {
    size_t length = 0;
    while (length < rest_.size() &&
           (std::isalnum(static_cast<unsigned char>(rest_[length])) || rest_[length] == '-')) {
      ++length;
    }
    const std::string name(rest_.substr(0, length));
    rest_.remove_prefix(length);
    if (name.empty()) fail("a name is missing");
    return name;
  }

  void check_references(std::string_view text) {
    for (size_t at = text.find('&'); at != text.npos; at = text.find('&', at + 1)) {
      const std::string_view reference = text.substr(at, text.find(';', at) - at + 1);
      if (reference != "&amp;" && reference != "&lt;" && reference != "&gt;" &&
          reference != "&quot;" && reference != "&#39;") {
        fail("a bare & in \"" + std::string(text.substr(at, 20)) + "\"");
      }
    }
  }

  void read_text() {
    const std::string_view text = rest_.substr(0, rest_.find('<'));
    check_references(text);
    text_ += text;
    rest_.remove_prefix(text.size());
  }

  void read_end() {
    const std::string name = take_name();
    if (open_.empty() || open_.back() != name) return fail("</" + name + "> closes nothing");
    open_.pop_back();
    if (!take(">")) fail("> is missing");
  }

  void read_attribute(Tag& tag) {
    const std::string name = take_name();
    for (const auto& known : tag.attributes) {
      if (known.first == name) return fail("attribute " + name + " twice");
    }
    if (!take("=\"")) return fail("attribute " + name + " has no value");
    const size_t length = rest_.find('"');
    if (length == rest_.npos) return fail("attribute " + name + " has no end");
    const std::string value(rest_.substr(0, length));
    if (value.find('<') != value.npos) return fail("< in attribute " + name);
    check_references(value);
    tag.attributes.emplace_back(name, value);
    rest_.remove_prefix(length + 1);
  }

  void read_tag() {
    take("<");
    if (take("/")) return read_end();
    Tag tag{take_name(), {}};
    while (problem_.empty() && take(" ") && rest_.substr(0, 1) != "/") read_attribute(tag);
    if (!problem_.empty()) return;
    const bool closed = take("/");
    if (!take(">")) return fail("> is missing");
    if (!closed) open_.push_back(tag.name);
    tags_.push_back(std::move(tag));
  }

  std::string_view rest_;
  std::vector<std::string> open_;
  std::vector<Tag> tags_;
  std::string text_;
  std::string problem_;
};

}  // namespace tasuki::report
