# SPDX-License-Identifier: MIT
# ksl_embed(TARGET NAME name ROOT folder FILES file...): the files' bytes become part of TARGET. Generated code defines
#     std::span<const EmbeddedFile> embedded_NAME();        declared by whoever uses it, see sim/base/embedded_file.h
# in namespace ksl::sim, ordered by path, paths relative to ROOT. A changed file is embedded again by the next build.
set(KSL_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/embed_files.cmake")

function(ksl_embed target)
  cmake_parse_arguments(arg "" "NAME;ROOT" "FILES" ${ARGN})
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/embedded_${arg_NAME}.cpp")
  set(list_file "${CMAKE_CURRENT_BINARY_DIR}/embedded_${arg_NAME}.txt")
  set(files ${arg_FILES})
  list(SORT files COMPARE STRING)
  list(JOIN files "\n" lines)
  file(GENERATE OUTPUT "${list_file}" CONTENT "${lines}\n")
  add_custom_command(
    OUTPUT "${generated}"
    COMMAND "${CMAKE_COMMAND}" -D "NAME=${arg_NAME}" -D "ROOT=${arg_ROOT}" -D "LIST=${list_file}" -D "OUT=${generated}"
            -P "${KSL_EMBED_SCRIPT}"
    DEPENDS ${files} "${list_file}" "${KSL_EMBED_SCRIPT}"
    COMMENT "Embedding ${arg_NAME}"
    VERBATIM)
  # An object library of its own, because a generated file is known only to targets of the folder that generates it.
  add_library(ksl_embedded_${arg_NAME} OBJECT "${generated}")
  target_compile_features(ksl_embedded_${arg_NAME} PRIVATE cxx_std_23)
  target_include_directories(ksl_embedded_${arg_NAME} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_link_libraries(ksl_embedded_${arg_NAME} PRIVATE ksl::warnings)
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:ksl_embedded_${arg_NAME}>)
endfunction()
