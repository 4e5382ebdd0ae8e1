#include <algorithm>
#include <cctype>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <vector>

#include "tasuki/config/options_help.h"
#include "tools/command.h"

namespace tasuki::tools {
namespace {

constexpr size_t kLineWidth = 96;

// `text` broken at spaces, each line after `indent` spaces.
void print_wrapped(const std::string& text, size_t indent) {
  std::istringstream words(text);
  std::string line;
  for (std::string word; words >> word;) {
    if (!line.empty() && indent + line.size() + 1 + word.size() > kLineWidth) {
      std::cout << std::string(indent, ' ') << line << "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  if (!line.empty()) std::cout << std::string(indent, ' ') << line << "\n";
}

// A comment's paragraphs, and as they stand the lines that are set in.
void print_comment(const std::string& comment, size_t indent) {
  std::istringstream lines(comment);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(' ')) {
      std::cout << std::string(indent, ' ') << line << "\n";
    } else {
      print_wrapped(line, indent);
    }
  }
}

// "depth: uint32 = 50; 18, 34, 50 or 101", "decoder: plugin Decoder; required"
std::string headline(const OptionHelp& option) {
  std::string text = option.name + ": " + option.type;
  if (!option.kind.empty()) text += " " + option.kind;
  if (option.required) text += "; required";
  if (!option.default_text.empty()) text += " = " + option.default_text;
  if (!option.range.empty()) return text + "; " + option.range;
  return option.unit.empty() ? text : text + " (" + option.unit + ")";
}

void print_options(const std::vector<OptionHelp>& options, size_t indent) {
  for (const auto& option : options) {
    std::cout << std::string(indent, ' ') << headline(option) << "\n";
    print_comment(option.comment, indent + 4);
    print_options(option.nested, indent + 4);
  }
}

void print_plugin(const std::string& name) {
  const auto& entry = Registry::instance().find(name);
  const auto& type = *entry.options->GetDescriptor();
  std::cout << "  " << name << "  (" << std::filesystem::path(entry.module).filename().string()
            << ")\n";
  print_comment(plugin_comment(type, entry.module), 6);
  print_options(describe_options(type, entry.module), 6);
}

// What stands before a formula, or before a full stop behind which another sentence begins.
std::string first_sentence(const std::string& comment) {
  auto sentence = comment.substr(0, comment.find('\n'));
  for (size_t at = sentence.find(". "); at != std::string::npos; at = sentence.find(". ", at + 1)) {
    if (at + 2 < sentence.size() && std::isupper(static_cast<unsigned char>(sentence[at + 2]))) {
      return sentence.substr(0, at);
    }
  }
  return sentence.substr(0, sentence.find_last_not_of(".,: ") + 1);
}

// The names of a kind, each with the first sentence of what it says of itself.
void print_kind(const std::string& kind) {
  for (const auto& name : Registry::instance().names(kind)) {
    const auto& entry = Registry::instance().find(name);
    std::cout << "  " << name << "\n";
    print_wrapped(first_sentence(plugin_comment(*entry.options->GetDescriptor(), entry.module)), 6);
  }
}

// "UPGrad" -> "tasuki/UPGrad" where one registered name ends so; else as it is.
std::string full_name(const std::string& name) {
  std::vector<std::string> found;
  for (const auto& kind : Registry::instance().kinds()) {
    for (const auto& known : Registry::instance().names(kind)) {
      if (known.ends_with("/" + name)) found.push_back(known);
    }
  }
  return found.size() == 1 ? found.front() : name;
}

void print_all(const PluginOptions& plugin, const std::string& only) {
  plugin.announce();
  auto& registry = Registry::instance();
  const auto kinds = registry.kinds();
  if (std::find(kinds.begin(), kinds.end(), only) != kinds.end()) {
    print_kind(only);
    return;
  }
  if (!only.empty()) {
    print_plugin(full_name(only));
    return;
  }
  for (const auto& kind : registry.kinds()) {
    std::cout << kind << "\n";
    for (const auto& name : registry.names(kind)) print_plugin(name);
    std::cout << "\n";
  }
}

}  // namespace

void add_plugins(CLI::App& app) {
  auto options = std::make_shared<PluginOptions>();
  auto only = std::make_shared<std::string>();
  auto* command = app.add_subcommand(
      "plugins", "Every registered name by kind, its options, and the module it came from");
  command->add_option(
      "NAME", *only,
      "Only this name (tasuki/ResNet, or ResNet), or a list of this kind (Weighting)");
  options->add_to(*command);
  command->footer(
      "Examples:\n"
      "  tasuki plugins Decoder\n"
      "  tasuki plugins DeepLabHead");
  command->callback([options, only] { print_all(*options, *only); });
}

}  // namespace tasuki::tools
