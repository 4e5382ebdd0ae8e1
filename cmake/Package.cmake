# cpack --config build/release/CPackConfig.cmake: a Debian package of what cmake --install puts into
# /usr. Made of a build with the distribution's LibTorch, so that all it needs is packages; what it
# links is asked of dpkg-shlibdeps, what building a plugin takes is recommended.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tasuki)
set(CPACK_PACKAGE_VENDOR "the Tasuki authors")
set(CPACK_PACKAGE_CONTACT "the Tasuki authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
# A module is the file that its manifest describes.
set(CPACK_STRIP_FILES OFF)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS
    "libopenblas0-openmp, g++, cmake, ninja-build, libtorch-dev, libopencv-dev, libprotobuf-dev, \
protobuf-compiler, libboost-dev, libboost-filesystem-dev, nlohmann-json3-dev")

set(TASUKI_PACKAGE_PROBLEM "")
if(TASUKI_TORCH_OWN)
  set(TASUKI_PACKAGE_PROBLEM
      "This build uses the LibTorch in ${TASUKI_TORCH_OWN}, which no package brings. Configure with the \
distribution's (tools/quickstart --torch distribution), or copy the program with cmake --install.")
endif()
configure_file("${CMAKE_CURRENT_LIST_DIR}/PackageCheck.cmake.in"
               "${PROJECT_BINARY_DIR}/PackageCheck.cmake" @ONLY)
set(CPACK_PROJECT_CONFIG_FILE "${PROJECT_BINARY_DIR}/PackageCheck.cmake")
include(CPack)
