# tasuki_add_plugin(NAME name
#                   SOURCES file.cpp...
#                   [PROTOS file.proto...]      option messages
#                   [PROTO_ROOT dir]            folder that .proto imports start from
#                   [LIBRARIES target...]       further libraries to link
#                   [NO_TORCH])                 links Tasuki::base alone: nothing of LibTorch
#
# Builds a plugin module NAME.so with its manifest NAME.manifest.pbtxt (what it was built against,
# the names it registers, its .proto files) and NAME.descriptors.pb (its options with their comments,
# for `tasuki plugins`) in TASUKI_PLUGIN_OUTPUT, by default CMAKE_CURRENT_BINARY_DIR.
# First-party plugins and a stranger's are built by this one function.
include_guard(GLOBAL)

# Where imports of Tasuki's own .proto files are found, besides the module's root.
function(tasuki_proto_imports variable)
  set(${variable})
  if(TASUKI_PROTO_INCLUDE)
    set(${variable} -I "${TASUKI_PROTO_INCLUDE}")
  endif()
  set(${variable} "${${variable}}" PARENT_SCOPE)
endfunction()

function(tasuki_compile_protos target root output)
  tasuki_proto_imports(imports)
  foreach(proto IN LISTS ARGN)
    file(RELATIVE_PATH relative "${root}" "${proto}")
    string(REGEX REPLACE "\\.proto$" "" stem "${relative}")
    add_custom_command(
      OUTPUT "${output}/${stem}.pb.cc" "${output}/${stem}.pb.h"
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${output}"
      COMMAND protobuf::protoc -I "${root}" ${imports} "--cpp_out=${output}" "${proto}"
      DEPENDS "${proto}" protobuf::protoc
      COMMENT "protoc ${relative}"
      VERBATIM)
    target_sources(${target} PRIVATE "${output}/${stem}.pb.cc")
    # protoc's files define the same names at file level.
    set_source_files_properties(
      "${output}/${stem}.pb.cc" PROPERTIES SKIP_PRECOMPILE_HEADERS ON SKIP_UNITY_BUILD_INCLUSION ON)
  endforeach()
  target_include_directories(${target} PUBLIC "$<BUILD_INTERFACE:${output}>")
endfunction()

# One file with every option message of the module, those of others that it has inside, and the
# comments of their source.
function(tasuki_descriptor_set target root file)
  if(ARGN)
    tasuki_proto_imports(imports)
    add_custom_command(
      OUTPUT "${file}"
      COMMAND protobuf::protoc -I "${root}" ${imports} --include_source_info --include_imports
              "--descriptor_set_out=${file}"
              ${ARGN}
      DEPENDS ${ARGN}
      COMMENT "Describing the options of ${target}"
      VERBATIM)
    target_sources(${target} PRIVATE "${file}")
  endif()
endfunction()

# A program that shares the precompiled header of a library, which is compiled as -fPIC; CMake would
# compile the program as -fPIE, and the header would be ignored.
function(tasuki_reuse_header target library)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${target} PRIVATE -fPIC)
  target_precompile_headers(${target} REUSE_FROM ${library})
endfunction()

set(TASUKI_PLUGIN_MAP "${CMAKE_CURRENT_LIST_DIR}/plugin.map")

# The names that a shared library exports are those that a linker's version script lists.
function(tasuki_export target map)
  target_link_options(${target} PRIVATE "LINKER:--version-script=${map}")
  set_target_properties(${target} PROPERTIES LINK_DEPENDS "${map}")
endfunction()

function(tasuki_absolute_paths variable)
  set(paths)
  foreach(path IN LISTS ARGN)
    get_filename_component(path "${path}" ABSOLUTE)
    list(APPEND paths "${path}")
  endforeach()
  set(${variable} "${paths}" PARENT_SCOPE)
endfunction()

function(tasuki_add_plugin)
  cmake_parse_arguments(PLUGIN "NO_TORCH" "NAME;PROTO_ROOT" "SOURCES;PROTOS;LIBRARIES" ${ARGN})
  if(NOT PLUGIN_NAME OR NOT PLUGIN_SOURCES OR PLUGIN_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tasuki_add_plugin(NAME name SOURCES file... [PROTOS file...] "
                        "[PROTO_ROOT dir] [LIBRARIES target...] [NO_TORCH]); "
                        "not understood: ${PLUGIN_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT PLUGIN_PROTO_ROOT)
    set(PLUGIN_PROTO_ROOT "${TASUKI_PROTO_ROOT}")
  endif()
  if(NOT PLUGIN_PROTO_ROOT)
    set(PLUGIN_PROTO_ROOT "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  set(output "${TASUKI_PLUGIN_OUTPUT}")
  if(NOT output)
    set(output "${CMAKE_CURRENT_BINARY_DIR}")
  endif()
  set(target tasuki_plugin_${PLUGIN_NAME})
  tasuki_absolute_paths(protos ${PLUGIN_PROTOS})

  add_library(${target} SHARED ${PLUGIN_SOURCES})
  set_target_properties(
    ${target} PROPERTIES OUTPUT_NAME "${PLUGIN_NAME}" PREFIX "" SUFFIX ".so" DEFINE_SYMBOL ""
                         LIBRARY_OUTPUT_DIRECTORY "${output}")
  target_compile_features(${target} PRIVATE cxx_std_20)
  tasuki_export(${target} "${TASUKI_PLUGIN_MAP}")
  tasuki_compile_protos(${target} "${PLUGIN_PROTO_ROOT}" "${CMAKE_CURRENT_BINARY_DIR}/proto"
                        ${protos})
  tasuki_descriptor_set(${target} "${PLUGIN_PROTO_ROOT}" "${output}/${PLUGIN_NAME}.descriptors.pb"
                        ${protos})
  if(PLUGIN_NO_TORCH)
    set(core base)
  else()
    set(core core)
  endif()
  target_link_libraries(${target} PRIVATE Tasuki::${core} ${PLUGIN_LIBRARIES})
  if(TARGET tasuki_${core} AND NOT TASUKI_NO_PCH)
    target_precompile_headers(${target} REUSE_FROM tasuki_${core})
  endif()

  set(proto_arguments)
  foreach(proto IN LISTS protos)
    file(RELATIVE_PATH relative "${PLUGIN_PROTO_ROOT}" "${proto}")
    list(APPEND proto_arguments --proto "${relative}")
  endforeach()
  # The module is loaded once by the tool, so that the manifest says what it really registers.
  add_custom_command(
    TARGET ${target} POST_BUILD
    COMMAND Tasuki::manifest "$<TARGET_FILE:${target}>" --stamp "${TASUKI_STAMP}" ${proto_arguments}
    VERBATIM)
  if(TARGET tasuki_manifest)
    add_dependencies(${target} tasuki_manifest)
    add_dependencies(tasuki_plugins ${target})
  endif()
  if(TASUKI_PLUGIN_INSTALL)
    install(FILES "$<TARGET_FILE:${target}>" "${output}/${PLUGIN_NAME}.manifest.pbtxt"
            DESTINATION "${TASUKI_PLUGIN_INSTALL}")
    if(protos)
      install(FILES "${output}/${PLUGIN_NAME}.descriptors.pb"
              DESTINATION "${TASUKI_PLUGIN_INSTALL}")
    endif()
  endif()
endfunction()
