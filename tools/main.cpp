// The program `tasuki`: dispatches to its subcommands, each in a file of its own.
#include <c10/util/Exception.h>

#include <iostream>
#include <opencv2/core/utility.hpp>

#include "tasuki/error/error.h"
#include "tasuki/stamp.h"
#include "tasuki/system/process.h"
#include "tools/command.h"

namespace {

constexpr int kRunFailed = 1;
constexpr int kUsageError = 2;

int report(const std::string& message, int code) {
  std::cerr << "tasuki: " << message << "\n";
  return code;
}

bool is_usage(tasuki::ErrorKind kind) {
  return kind == tasuki::ErrorKind::kUsage || kind == tasuki::ErrorKind::kPlugin;
}

// CLI11 would take a subcommand that it does not know for an argument too many.
void check_subcommands(const CLI::App* app, int argc, char** argv) {
  std::string path;
  for (int i = 1; i < argc && argv[i][0] != '-'; ++i) {
    const auto all = app->get_subcommands({});
    if (all.empty()) return;
    const auto found = std::find_if(
        all.begin(), all.end(), [&](const CLI::App* one) { return one->get_name() == argv[i]; });
    std::vector<std::string> known;
    for (const auto* one : all) known.push_back(path + one->get_name());
    const auto name = path + argv[i];
    if (found == all.end()) {
      throw tasuki::Error(tasuki::ErrorKind::kUsage, "there is no command \"" + name + "\"" +
                                                         tasuki::did_you_mean(name, known) +
                                                         "; there are: " + tasuki::join(known));
    }
    app = *found;
    path = name + " ";
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tasuki::tools;
  tasuki::set_up_process(argv);
  cv::setNumThreads(1);  // the threads that make samples are the parallelism
  CLI::App app("Tasuki trains and evaluates multi-task dense prediction");
  app.set_version_flag("--version",
                       std::string(tasuki::kStamp) + "\nLibTorch's build: " + tasuki::kTorchBuild);
  app.require_subcommand(1);
  for (const auto add : {add_train, add_eval, add_predict, add_export, add_search, add_compare,
                         add_tune, add_complexity, add_config, add_plugins, add_bench, add_data}) {
    add(app);
  }
  try {
    check_subcommands(&app, argc, argv);
    app.parse(argc, argv);
  } catch (const CLI::RuntimeError& told) {  // there is nothing left to say
    return told.get_exit_code();
  } catch (const CLI::ParseError& usage) {
    return app.exit(usage) == 0 ? 0 : kUsageError;
  } catch (const tasuki::Error& error) {
    return report(error.what(), is_usage(error.kind()) ? kUsageError : kRunFailed);
  } catch (const c10::Error& failure) {
    return report(failure.what_without_backtrace(), kRunFailed);
  } catch (const std::exception& failure) {
    return report(failure.what(), kRunFailed);
  }
  return 0;
}
