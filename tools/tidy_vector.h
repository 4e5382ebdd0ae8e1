#pragma once

// Part of tools/tidy, never compiled by a target. Clang instantiates std::vector's destructor where
// C++20 makes it constexpr, and c10::IValue, of which LibTorch's headers have vectors, is
// incomplete there. For the check alone vectors are as in C++17; their __fill_a1, which <string>
// has declared already, gets another name.

// NOLINTBEGIN(bugprone-reserved-identifier)
#include <memory>
#include <string>
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
#define __fill_a1 tidy_fill_a1
#include <vector>
#undef __fill_a1
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR constexpr
// NOLINTEND(bugprone-reserved-identifier)
