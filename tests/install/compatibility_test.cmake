# cmake/Compatibility.cmake against small libraries that stand for the real ones, and the versions that
# cmake/LibTorch.cmake and cmake/Stamp.cmake make a stamp of. The parent runs each case in a process of
# its own, because a clash ends it.
include("${SOURCE}/cmake/Compatibility.cmake")
include("${SOURCE}/cmake/LibTorch.cmake")
include("${SOURCE}/cmake/Stamp.cmake")

function(make_library name code)
  file(WRITE "${WORK}/${name}.cpp" "${code}")
  execute_process(
    COMMAND "${CMAKE_CXX_COMPILER}" -shared -fPIC "-Wl,-soname,lib${name}.so.1" ${ARGN}
            "${WORK}/${name}.cpp" -o "${WORK}/lib${name}.so.1" "-L${WORK}" "-Wl,-rpath,${WORK}"
    COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# case(NAME passes|stops text command...): runs one check in a child; its output must have the text.
function(case name outcome text command)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" "-DSOURCE=${SOURCE}" "-DWORK=${WORK}" "-DCMAKE_NM=${CMAKE_NM}"
            "-DCMAKE_OBJDUMP=${CMAKE_OBJDUMP}" "-DCHECK=${command}"
            -P "${CMAKE_CURRENT_LIST_FILE}"
    RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE error)
  string(REGEX REPLACE "[ \n]+" " " said "${out}${error}")
  string(FIND "${said}" "${text}" found)
  if((code EQUAL 0) STREQUAL (outcome STREQUAL "stops") OR found EQUAL -1)
    message(FATAL_ERROR "${name}: code ${code}, said: ${said}")
  endif()
  message(STATUS "${name}: ok")
endfunction()

if(DEFINED CHECK)
  cmake_language(EVAL CODE "${CHECK}")
  return()
endif()

file(REMOVE_RECURSE "${WORK}")
file(MAKE_DIRECTORY "${WORK}")
set(protobuf "namespace google { namespace protobuf { namespace internal {
  void VerifyVersion(int, int, const char*) {} } } }")
make_library(protobuf "${protobuf}")
make_library(protobuf-old "${protobuf}")
make_library(plain "int f() { return 1; }")
make_library(same "int f() { return 1; }" -Wl,--no-as-needed "${WORK}/libprotobuf.so.1")
make_library(other "int f() { return 1; }" -Wl,--no-as-needed "${WORK}/libprotobuf-old.so.1")
make_library(indirect "int f() { return 1; }" -Wl,--no-as-needed "${WORK}/libother.so.1")
make_library(own "${protobuf}")
make_library(hidden "${protobuf}" -fvisibility=hidden)
make_library(abi1 "#include <string>\nvoid f(std::string) {}" -D_GLIBCXX_USE_CXX11_ABI=1)
make_library(abi0 "#include <string>\nvoid f(std::string) {}" -D_GLIBCXX_USE_CXX11_ABI=0)

set(start "tasuki_check_protobuf(${WORK}/libprotobuf.so.1 3.21.12")
case("the same Protobuf" passes "LibTorch brings libprotobuf.so.1"
     "${start} LibTorch ${WORK}/libsame.so.1)")
case("no Protobuf" passes "OpenCV brings none" "${start} OpenCV ${WORK}/libplain.so.1)")
case("a hidden copy" passes "LibTorch brings none" "${start} LibTorch ${WORK}/libhidden.so.1)")
case("a copy that shows" stops "its own copy" "${start} LibTorch ${WORK}/libown.so.1)")
case("another version" stops "libprotobuf-old.so.1" "${start} LibTorch ${WORK}/libother.so.1)")
case("another version, indirectly" stops "docs/install.md"
     "${start} OpenCV ${WORK}/libindirect.so.1)")
case("the second of two" stops "OpenCV"
     "${start} LibTorch ${WORK}/libsame.so.1 OpenCV ${WORK}/libown.so.1)")
file(WRITE "${WORK}/libprotobuf.a" "!<arch>\n")
case("a static Protobuf" stops "must be shared"
     "tasuki_check_protobuf(${WORK}/libprotobuf.a 3.21.12)")
case("the same ABI" passes "OpenCV has 1" "tasuki_check_cxx_abi(1 OpenCV ${WORK}/libabi1.so.1)")
case("the old ABI throughout" passes "OpenCV has 0"
     "tasuki_check_cxx_abi(0 OpenCV ${WORK}/libabi0.so.1)")
case("a LibTorch of the old ABI" stops "Use a LibTorch of ABI 1"
     "tasuki_check_cxx_abi(0 LibTorch ${WORK}/libabi0.so.1 OpenCV ${WORK}/libabi1.so.1)")
# Headers of LibTorch as releases have them: in a header of their own, or in headeronly.
set(version "#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 13\n#define TORCH_VERSION_PATCH 0\n")
file(WRITE "${WORK}/old/torch/version.h" "${version}#define TORCH_VERSION \"2.13.0\"\n")
file(WRITE "${WORK}/new/torch/version.h" "#include <torch/headeronly/version.h>\n")
file(WRITE "${WORK}/new/torch/headeronly/version.h"
     "${version}#define TORCH_VERSION_ABI_TAG 0\n#define TORCH_ABI_VERSION ((0ULL + TORCH_VERSION_MAJOR) << 56)\n")
file(WRITE "${WORK}/none/torch/version.h" "#include <torch/headeronly/version.h>\n")
set(ask "tasuki_torch_version(v ${WORK}")
case("a version in a header of its own" passes "v=2.13.0." "${ask}/old)\nmessage(v=\${v}.)")
case("a version in headeronly" passes "v=2.13.0." "${ask}/new)\nmessage(v=\${v}.)")
case("a version in the second folder" passes "v=2.13.0."
     "${ask}/none ${WORK}/new)\nmessage(v=\${v}.)")
case("no version" stops "The version of LibTorch is not known" "${ask}/none)")

set(found "set(TASUKI_TORCH_VERSION 2.13.0)\nset(Protobuf_VERSION 3.21.12)\nset(OpenCV_VERSION 4.6.0)
set(nlohmann_json_VERSION 3.11.2)\nset(TASUKI_CXX11_ABI 1)\nset(CMAKE_CXX_COMPILER_ID GNU)
set(CMAKE_CXX_COMPILER_VERSION 12.2.0)\nset(CMAKE_BUILD_TYPE Release)
set(CMAKE_CXX_FLAGS_RELEASE \"-O3 -DNDEBUG\")")
set(stamp "tasuki_stamp(1.2.3 stamp)\nmessage(\"\${stamp}.\")")
string(CONCAT whole "tasuki 1.2.3, libtorch 2.13.0, protobuf 3.21.12, opencv 4.6.0, "
              "nlohmann-json 3.11.2, GNU 12, cxx11 abi 1, ndebug 1.")
case("the whole stamp" passes "${whole}" "${found}\n${stamp}")
case("a build with assertions" passes "ndebug 0." "${found}\nset(CMAKE_BUILD_TYPE Debug)\n${stamp}")
foreach(part IN ITEMS TASUKI_TORCH_VERSION Protobuf_VERSION OpenCV_VERSION nlohmann_json_VERSION
                      CMAKE_CXX_COMPILER_VERSION CMAKE_CXX_COMPILER_ID TASUKI_CXX11_ABI)
  case("no ${part}" stops "empty part" "${found}\nset(${part} \"\")\n${stamp}")
endforeach()
file(REMOVE_RECURSE "${WORK}")
