#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tasuki/io/image_io.h"
#include "tasuki/io/input_images.h"
#include "tasuki/io/output_folder.h"
#include "tasuki/predict/predictor.h"

namespace tasuki {

// Predicts every task for image files of any size and writes what it finds, at each image's own
// size: DIR/TASK/ID.* as the task has it, and a picture DIR/TASK_colour/ID.png. Of the files in DIR
// only earlier predictions of the same image are replaced.
class ImagePredictor {
 public:
  // `images`: all that will be predicted; Error (kUsage) where one of their results is something
  // else's file, before anything is predicted. Refers to the predictor.
  ImagePredictor(const Predictor& predictor, const std::filesystem::path& folder,
                 const std::vector<InputImage>& images);

  // "", or what is wrong with the image: it can't be read, or the pipeline leaves nothing of it.
  std::string predict(const InputImage& image);

 private:
  const Predictor& predictor_;
  const ImageReading reading_;
  OutputFolder outputs_;
};

}  // namespace tasuki
