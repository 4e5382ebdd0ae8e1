#pragma once

#include <opencv2/core.hpp>
#include <string>

#include "tasuki/report/html.h"

namespace tasuki::report {

// RFC 4648, with padding.
std::string base64(const std::vector<unsigned char>& bytes);

// A BGR picture (CV_8UC3, not empty) as data: URI. PNG where it has at most 256 colours (label
// maps: exact and small), otherwise the smaller of PNG and JPEG at quality 92.
std::string data_uri(const cv::Mat& bgr);

// The picture with its caption below; a click, or the space key, enlarges it to the whole window
// without any script. `described` is its text for those who don't see it. Error (kRun), naming
// `described`, when the picture is not as data_uri wants it.
Html picture(const cv::Mat& bgr, const std::string& caption, const std::string& described);

}  // namespace tasuki::report
