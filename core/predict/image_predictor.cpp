#include "tasuki/predict/image_predictor.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <map>

namespace tasuki {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPictures = "_colour";  // behind a task's name: the folder of its pictures

// Raw files and a picture of every task below `folder`.
void write_all(const Prediction& prediction, const fs::path& folder, const std::string& id) {
  for (const auto& task : prediction.tasks()) {
    const auto raw = folder / task / id;
    fs::create_directories(raw.parent_path());
    prediction[task].write(raw);
    write_image(folder / (task + kPictures) / (id + ".png"), prediction[task].picture());
  }
}

// Before anything is predicted: what is there already under a name of these predictions may be
// replaced. (Files of other endings, which a task of a plugin may write, are checked one by one.)
void check_results(const OutputFolder& outputs, const fs::path& folder,
                   const Experiment& experiment, const std::vector<InputImage>& images) {
  std::map<std::string, std::vector<fs::path>> there;  // by the id that they have
  for (const auto* task : experiment.tasks()) {
    for (const auto& name : {task->name, task->name + kPictures}) {
      std::error_code failed;
      for (fs::recursive_directory_iterator item(folder / name, failed), end;
           !failed && item != end; item.increment(failed)) {
        const auto ending = item->path().extension();
        if (ending != ".png" && ending != ".npy") continue;
        auto id = item->path().lexically_relative(folder / name).replace_extension();
        there[id.generic_string()].push_back(item->path().lexically_relative(folder));
      }
    }
  }
  for (const auto& image : images) {
    for (const auto& file : there[image.id]) outputs.check(file, {image.file});
  }
}

// The error with the file in front where it does not name it by itself.
std::string located(const fs::path& file, const std::string& problem) {
  return problem.find(file.string()) == std::string::npos ? file.string() + ": " + problem
                                                          : problem;
}

}  // namespace

ImagePredictor::ImagePredictor(const Predictor& predictor, const fs::path& folder,
                               const std::vector<InputImage>& images)
    : predictor_(predictor),
      reading_(image_reading(predictor.experiment().config)),
      outputs_(folder) {
  check_results(outputs_, folder, predictor.experiment(), images);
}

std::string ImagePredictor::predict(const InputImage& image) {
  try {
    const auto prediction = predictor_(read_image(image.file, reading_), image.file.string());
    write_all(prediction, outputs_.stage(), image.id);
    outputs_.publish({image.file});
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kData) throw;
    return located(image.file, error.what());
  } catch (const cv::Exception& error) {
    return located(image.file, "OpenCV: " + error.err);
  } catch (const c10::Error& error) {
    return located(image.file, error.what_without_backtrace());
  }
  return "";
}

}  // namespace tasuki
