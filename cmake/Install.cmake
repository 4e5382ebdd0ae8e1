# cmake --install build/release --prefix PREFIX: the program, its modules, and what an outside
# project needs for find_package(Tasuki).
include(CMakePackageConfigHelpers)

set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/Tasuki")
set(include_folder "${CMAKE_INSTALL_INCLUDEDIR}")

install(TARGETS tasuki RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(TARGETS tasuki_base tasuki_report tasuki_core tasuki_study tasuki_all tasuki_manifest
        EXPORT TasukiTargets
        RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT TasukiTargets NAMESPACE Tasuki:: DESTINATION "${package_folder}")

install(DIRECTORY core/ DESTINATION "${include_folder}/tasuki"
        FILES_MATCHING PATTERN "*.h" PATTERN "*.proto")
install(DIRECTORY "${PROJECT_BINARY_DIR}/include/" DESTINATION "${include_folder}"
        FILES_MATCHING PATTERN "*.h")
install(FILES "${TASUKI_PLUGIN_OUTPUT}/core.descriptors.pb"
        DESTINATION "${TASUKI_PLUGIN_INSTALL}")
install(DIRECTORY configs DESTINATION "${CMAKE_INSTALL_DATADIR}/tasuki")
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/tasuki" RENAME copyright)

configure_package_config_file(
  "${CMAKE_CURRENT_LIST_DIR}/TasukiConfig.cmake.in" "${PROJECT_BINARY_DIR}/TasukiConfig.cmake"
  INSTALL_DESTINATION "${package_folder}"
  PATH_VARS include_folder)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/TasukiConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/TasukiConfig.cmake"
              "${PROJECT_BINARY_DIR}/TasukiConfigVersion.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/LibTorch.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/Stamp.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/TasukiPlugin.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/plugin.map"
        DESTINATION "${package_folder}")
