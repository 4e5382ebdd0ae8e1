# cmake/Compatibility.cmake against small libraries that stand for the real ones. The parent runs
# each case in a process of its own, because a clash ends it.
include("${SOURCE}/cmake/Compatibility.cmake")

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
file(REMOVE_RECURSE "${WORK}")
