// SPDX-License-Identifier: LGPL-2.1-or-later
// Copyright (C) 2026 the gst-omni authors

// The main function of a Check test, and how tables of cases are run: one test per row.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <initializer_list>
#include <string>

#include <check.h>

#undef fail  // a macro of Check's that takes the name from the standard library's streams

struct TableTest {
  const char* name;
  const TTest* test;
  std::size_t rows;  // 1: no table
};

inline int run_tests(const char* name, std::initializer_list<TableTest> tests) {
  Suite* suite = suite_create(name);
  for (const TableTest& one : tests) {
    TCase* tcase = tcase_create(one.name);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, one.test, 0, static_cast<int>(one.rows));
    suite_add_tcase(suite, tcase);
  }
  SRunner* runner = srunner_create(suite);
  srunner_run_all(runner, CK_ENV);
  // A run of nothing is a broken test program.
  const bool ran = srunner_ntests_run(runner) > 0;
  const int failed = ran ? srunner_ntests_failed(runner) : 1;
  srunner_free(runner);
  return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/// Compares two texts and names the row when they differ.
inline void expect_text(const std::string& row, const std::string& got,
                        const std::string& expected) {
  ck_assert_msg(got == expected, "%s\n  got      %s\n  expected %s", row.c_str(), got.c_str(),
                expected.c_str());
}

inline void expect_contains(const std::string& row, const std::string& text,
                            const std::string& part) {
  ck_assert_msg(text.find(part) != std::string::npos, "%s\n  '%s'\n  lacks '%s'", row.c_str(),
                text.c_str(), part.c_str());
}

inline void expect_lacks(const std::string& row, const std::string& text, const std::string& part) {
  ck_assert_msg(text.find(part) == std::string::npos, "%s\n  '%s'\n  shows '%s'", row.c_str(),
                text.c_str(), part.c_str());
}
