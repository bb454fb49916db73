# SPDX-License-Identifier: MIT
# One interface target carries the warnings, so that no flag is global and third-party targets keep their own.
add_library(ksl_warnings INTERFACE)
add_library(ksl::warnings ALIAS ksl_warnings)
target_compile_options(ksl_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wcast-align -Wunused -Woverloaded-virtual -Wdouble-promotion -Wimplicit-fallthrough
  -Wextra-semi)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(ksl_warnings INTERFACE -Wduplicated-cond -Wlogical-op)
endif()
if(KSL_WERROR)
  target_compile_options(ksl_warnings INTERFACE -Werror)
endif()
