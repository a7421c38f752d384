#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""Counts single checks in what `meson test` logged (testlog.json, one JSON object a line).

Prints "PASSED FAILED" and, to stderr, a line for each test program that did not pass. A program that
counts its checks, as Check does, counts with them; any other program counts as one. One that died
counts as a failure, whatever it said before.
"""
import json
import re
import sys

CHECKS = re.compile(r"(?:100|\d?\d)%: Checks: (\d+), Failures: (\d+), Errors: (\d+)")
CASES = re.compile(r"^(\d+) of (\d+) passed$", re.MULTILINE)


def count(test):
    text = (test.get("stdout") or "") + (test.get("stderr") or "")
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    passed = failed = 0
    lines = CHECKS.findall(text)
    lines += [(cases, int(cases) - int(ok), 0) for ok, cases in CASES.findall(text)]
    for checks, failures, errors in lines:
        failed += int(failures) + int(errors)
        passed += int(checks) - int(failures) - int(errors)
    if test["result"] == "SKIP":
        return passed, failed
    if good and not lines:
        passed += 1
    elif failed == 0 and (not good or passed == 0):  # a suite without a single check is a mistake
        failed += 1
    return passed, failed


def main():
    passed = failed = 0
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8", errors="replace") as log:
            for line in log:
                test = json.loads(line)
                ok, bad = count(test)
                passed += ok
                failed += bad
                if bad or test["result"] == "SKIP":
                    print(f"   {test['name']}: {test['result']}, {ok} passed, {bad} failed",
                          file=sys.stderr)
    print(passed, failed)


if __name__ == "__main__":
    main()
