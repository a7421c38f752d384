#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""What `meson test` logged (testlog.json, one JSON object a line), counted check by check.

  results.py count TITLE FIGURES LOG...   prints "PASSED FAILED SKIPPED", and to stderr a line for each program
                                          that did not pass; what each one cost is added to the file FIGURES.
                                          A program in a later log counts instead of its run in an earlier one.
  results.py crashed LOG                  the programs in which nothing failed but LeakSanitizer
  results.py skipped FIGURES              what was skipped, and why
  results.py slowest FIGURES              the ten that took longest, and how long they waited

A program that counts its checks, as Check does, counts with them; any other counts as one. One that died counts
as a failure, whatever it said before. One that says "skipped: why" has skipped something, or everything.
"""
import json
import re
import sys

CHECKS = re.compile(r"(?:100|\d?\d)%: Checks: (\d+), Failures: (\d+), Errors: (\d+)")
CASES = re.compile(r"^(\d+) of (\d+) passed$", re.MULTILINE)
SKIPPED = re.compile(r"^skipped: (.*)$", re.MULTILINE)
CPU = re.compile(r"^measured: ([\d.]+) s of CPU$", re.MULTILINE)
TRACER_CRASHED = re.compile(r"^Tracer caught signal \d+", re.MULTILINE)


def said(test):
    return (test.get("stdout") or "") + "\n" + (test.get("stderr") or "")


def count(test):
    text = said(test)
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    skipped = SKIPPED.findall(text)
    passed = failed = 0
    lines = CHECKS.findall(text)
    lines += [(cases, int(cases) - int(ok), 0) for ok, cases in CASES.findall(text)]
    for checks, failures, errors in lines:
        failed += int(failures) + int(errors)
        passed += int(checks) - int(failures) - int(errors)
    if test["result"] == "SKIP":
        skipped = skipped or ["(no reason given)"]
    elif good and not lines:
        passed += 1
    elif failed == 0 and (not good or passed == 0 and not skipped):  # a suite without checks is a mistake
        failed += 1
    return passed, failed, skipped


def read(logs):
    """The programs by their names."""
    tests = {}
    for path in logs:
        with open(path, encoding="utf-8", errors="replace") as log:
            for line in log:
                test = json.loads(line)
                tests[test["name"].rpartition(" / ")[2]] = test
    return tests


def count_all(title, figures, *logs):
    sums = [0, 0, 0]
    with open(figures, "a", encoding="utf-8") as rows:
        for name, test in read(logs).items():
            passed, failed, skipped = count(test)
            sums = [sums[0] + passed, sums[1] + failed, sums[2] + len(skipped)]
            if failed or test["result"] not in ("OK", "EXPECTEDFAIL", "SKIP"):
                print(f"   {name}: {test['result']}, {passed} passed, {failed} failed", file=sys.stderr)
            cpu = CPU.findall(said(test))
            row = {"name": name, "title": title, "wall": test["duration"], "skipped": skipped,
                   "cpu": float(cpu[-1]) if cpu else 0}
            rows.write(json.dumps(row) + "\n")
    print(*sums)


def crashed(log):
    """LeakSanitizer stops all threads and reads their memory, in a process of its own, the tracer. Where that
    crashes it has not found anything, and nothing was looked at. Any other failure is a finding."""
    for name, test in read([log]).items():
        crashes = len(TRACER_CRASHED.findall(said(test)))
        if crashes and count(test)[1] <= crashes:
            print(name)


def rows_of(figures):
    with open(figures, encoding="utf-8") as rows:
        return [json.loads(row) for row in rows]


def tell_skipped(figures):
    for row in rows_of(figures):
        for why in row["skipped"]:
            print(f"   {row['name']}, {row['title']}: {why}")


def tell_slowest(figures):
    print("      wall       CPU   waiting")
    for row in sorted(rows_of(figures), key=lambda row: -row["wall"])[:10]:
        waiting = max(0, row["wall"] - row["cpu"])
        print(f"   {row['wall']:5.1f} s   {row['cpu']:5.1f} s   {waiting:5.1f} s   {row['name']}, {row['title']}")


if __name__ == "__main__":
    WAYS = {"count": count_all, "crashed": crashed, "skipped": tell_skipped, "slowest": tell_slowest}
    if len(sys.argv) < 3 or sys.argv[1] not in WAYS:
        sys.exit(__doc__)
    WAYS[sys.argv[1]](*sys.argv[2:])
