# SPDX-License-Identifier: MIT
# KSL_SANITIZE=address,undefined or thread: applied to everything that we compile, so that no report is cut short by a
# library of ours built without it.
if(KSL_SANITIZE)
  add_compile_options(-fsanitize=${KSL_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(KSL_SANITIZE MATCHES "thread")
    # GCC does not model fences; what ours orders is a reference count, which it sees.
    add_compile_options(-Wno-tsan)
  endif()
  add_link_options(-fsanitize=${KSL_SANITIZE})
endif()
