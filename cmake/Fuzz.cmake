# The fuzz targets of tests/fuzz (preset fuzz), instead of the program, its modules and the tests.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "TASUKI_FUZZ needs clang, which brings libFuzzer; this is "
                      "${CMAKE_CXX_COMPILER_ID}. Configure with `cmake --preset fuzz`.")
endif()

add_subdirectory(core EXCLUDE_FROM_ALL)
add_subdirectory(tools EXCLUDE_FROM_ALL)
add_custom_target(tasuki_plugins)
add_subdirectory(tests/core/config/modules)
add_subdirectory(tests/fuzz)
