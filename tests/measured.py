#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors

"""Runs a command and says what it cost (for `meson test --wrapper`): measured.py COMMAND [ARGUMENT...].

Its last line, to stderr, is the CPU time of the command and of what it started and waited for. The
rest of the time that meson measures is waiting.
"""
import os
import resource
import subprocess
import sys


def main():
    status = subprocess.run(sys.argv[1:], check=False).returncode
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"measured: {used.ru_utime + used.ru_stime:.2f} s of CPU", file=sys.stderr, flush=True)
    if status < 0:  # as it died itself, so that meson can tell the signal
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    main()
