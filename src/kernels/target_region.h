#pragma once

// BERTQA_TARGET_BEGIN("avx2,fma") … BERTQA_TARGET_END: functions between the marks are compiled for
// these instruction sets, and nothing else of the file is. Include all headers before.
#define BERTQA_TARGET_TEXT(text) #text
#if defined(__clang__)
#define BERTQA_TARGET_BEGIN(features) \
  _Pragma(BERTQA_TARGET_TEXT(         \
      clang attribute push(__attribute__((target(features))), apply_to = function)))
#define BERTQA_TARGET_END _Pragma("clang attribute pop")
#else
#define BERTQA_TARGET_BEGIN(features) \
  _Pragma("GCC push_options") _Pragma(BERTQA_TARGET_TEXT(GCC target(features)))
#define BERTQA_TARGET_END _Pragma("GCC pop_options")
#endif
