// Merging against a second implementation of the rules, on random configs: there a config is a map
// from leaf paths to values, which is what the rules come to when paths tell names and plugins.
#include <google/protobuf/text_format.h>

#include <map>
#include <random>

#include "tests/core/config/config_files.h"

namespace tasuki::test {
namespace {

using Leaves = std::map<std::string, std::string>;

// One random layer: its text and its leaves, made together.
class RandomLayer {
 public:
  explicit RandomLayer(uint32_t seed) : random_(seed) {
    if (toss()) scalar("name", "\"n" + number() + "\"", "", text_);
    if (toss()) text_ += "train { " + scalars("train", {"warmup_steps", "seed", "threads"}) + "} ";
    if (toss()) text_ += "protocol { metric: [" + list("protocol.metric") + "] } ";
    if (toss()) text_ += "model { " + model() + "} ";
  }

  const std::string& text() const { return text_; }
  const Leaves& leaves() const { return leaves_; }

 private:
  bool toss() { return random_() % 3 != 0; }
  std::string number() { return std::to_string(random_() % 10); }

  void scalar(const std::string& field, const std::string& value, const std::string& parent,
              std::string& text) {
    leaves_[parent.empty() ? field : parent + "." + field] = value;
    text += field + ": " + value + " ";
  }

  std::string scalars(const std::string& parent, const std::vector<std::string>& fields) {
    std::string text;
    for (const auto& field : fields) {
      if (toss()) scalar(field, number(), parent, text);
    }
    return text;
  }

  // A whole list is one leaf.
  std::string list(const std::string& path) {
    std::string values = "\"" + number() + "\"";
    while (toss()) values += ", \"" + number() + "\"";
    return leaves_[path] = values;
  }

  std::string named(const std::string& parent, const std::string& list,
                    const std::vector<std::string>& fields) {
    std::string text;
    for (const char* name : {"a", "b", "c"}) {
      if (toss()) continue;
      const auto path = parent + "." + list + "[" + name + "]";
      text += list + " { name: \"" + name + "\" " + scalars(path, fields) + "} ";
      leaves_[path + ".name"] = "\"" + std::string(name) + "\"";
    }
    return text;
  }

  std::string plugin(const std::string& path) {
    const std::string type = toss() ? "test/Net" : "test/OtherNet";
    leaves_[path] = type;
    std::string text = "{ [" + type + "] { " + scalars(path, {"depth", "rate", "groups"});
    if (toss()) text += "tag: [" + list(path + ".tag") + "] ";
    return text + named(path, "stage", {"channels", "stride"}) + "} } ";
  }

  std::string model() {
    std::string text = named("model", "task", {"loss_scale"});
    if (toss()) text += "encoder " + plugin("model.encoder");
    return text;
  }

  std::mt19937 random_;
  std::string text_;
  Leaves leaves_;
};

// The rules: a plugin of another name drops what was below its path; the rest overwrites.
Leaves merge_leaves(Leaves base, const Leaves& over) {
  const std::string plugin = "model.encoder";
  if (over.count(plugin) > 0 && base.count(plugin) > 0 && over.at(plugin) != base.at(plugin)) {
    std::erase_if(base, [&](const auto& leaf) { return leaf.first.rfind(plugin, 0) == 0; });
  }
  for (const auto& [path, value] : over) base[path] = value;
  return base;
}

std::string list_text(const google::protobuf::Message& message,
                      const google::protobuf::FieldDescriptor* field) {
  const auto* reflection = message.GetReflection();
  std::string text;
  for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
    text += (i == 0 ? "\"" : ", \"") + reflection->GetRepeatedString(message, field, i) + "\"";
  }
  return text;
}

// Leaves of a message, by reflection.
void collect(const google::protobuf::Message& message, const std::string& path, Leaves& leaves) {
  const auto* reflection = message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const auto* field : fields) {
    const auto here = path.empty() ? field->name() : path + "." + field->name();
    if (field->is_repeated() && field->type() == google::protobuf::FieldDescriptor::TYPE_STRING) {
      leaves[here] = list_text(message, field);
    } else if (field->is_repeated()) {
      for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
        const auto& element = reflection->GetRepeatedMessage(message, field, i);
        const auto* name = element.GetDescriptor()->FindFieldByName("name");
        collect(element, here + "[" + element.GetReflection()->GetString(element, name) + "]",
                leaves);
      }
    } else if (field->message_type() == google::protobuf::Any::descriptor()) {
      const auto& any =
          static_cast<const google::protobuf::Any&>(reflection->GetMessage(message, field));
      leaves[here] = any.type_url();
      collect(*Registry::instance().unpack(any), here, leaves);
    } else if (field->message_type() != nullptr) {
      collect(reflection->GetMessage(message, field), here, leaves);
    } else {
      google::protobuf::TextFormat::PrintFieldValueToString(message, field, -1, &leaves[here]);
    }
  }
}

class RandomMerge : public ConfigFiles {};

TEST_F(RandomMerge, IsWhatTheRulesSay) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    const RandomLayer one(3 * seed), two(3 * seed + 1), three(3 * seed + 2);
    write("one.pbtxt", one.text());
    write("two.pbtxt", two.text());
    write("three.pbtxt", "base: 'one.pbtxt' base: 'two.pbtxt' " + three.text());
    const auto config = load_config("three.pbtxt");
    Leaves found;
    collect(config.given(), "", found);
    ASSERT_EQ(found, merge_leaves(merge_leaves(one.leaves(), two.leaves()), three.leaves()))
        << one.text() << "\n"
        << two.text() << "\n"
        << three.text();
  }
}

TEST_F(RandomMerge, EveryLeafKnowsTheLastFileThatSetIt) {
  for (uint32_t seed = 0; seed < 300; ++seed) {
    const RandomLayer one(7000 + 2 * seed), two(7001 + 2 * seed);
    write("one.pbtxt", one.text());
    write("two.pbtxt", "base: 'one.pbtxt' " + two.text());
    const auto config = load_config("two.pbtxt");
    for (const auto& [path, value] : merge_leaves(one.leaves(), two.leaves())) {
      ASSERT_EQ(config.origins().by_path().count(path), 1u) << path;
      EXPECT_EQ(config.origins().by_path().at(path).file,
                two.leaves().count(path) > 0 ? "two.pbtxt" : "one.pbtxt")
          << path;
    }
  }
}

TEST_F(RandomMerge, LayingAConfigOverItselfChangesNothing) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    const RandomLayer layer(seed);
    write("one.pbtxt", layer.text());
    write("two.pbtxt", "base: 'one.pbtxt' " + layer.text());
    EXPECT_EQ(load_config("two.pbtxt").text(), load_config("one.pbtxt").text());
  }
}

TEST_F(RandomMerge, AssigningEveryLeafMakesTheSameConfig) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    const RandomLayer layer(seed);
    std::vector<std::string> assignments;
    for (const auto& [path, value] : layer.leaves()) {
      const bool list = value.front() == '"' && path.find("name") == std::string::npos;
      const bool plugin = path == "model.encoder";
      assignments.push_back(path + "=" +
                            (plugin ? "[" + value + "]{}"
                             : list ? "[" + value + "]"
                                    : value));
    }
    Leaves found;
    collect(parse_config("", "text", assignments).given(), "", found);
    EXPECT_EQ(found, layer.leaves());
  }
}

TEST_F(RandomMerge, TheTextIsReadBackToTheSameConfig) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    const auto config = parse_config(RandomLayer(seed).text(), "text");
    for (const bool with_origin : {false, true}) {
      const auto given = parse_config(config.given_text(with_origin), "again");
      ASSERT_EQ(given.given().SerializeAsString(), config.given().SerializeAsString());
      const auto again = parse_config(config.text(with_origin), "again");
      ASSERT_EQ(again.message().SerializeAsString(), config.message().SerializeAsString());
      ASSERT_EQ(again.text(), config.text());
    }
  }
}

}  // namespace
}  // namespace tasuki::test
