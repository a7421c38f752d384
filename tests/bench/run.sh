#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors
#
# Measures the budgets of tests/bench/README.md and prints one table: tests/bench/run.sh [ROW...]
# Rows: overhead memory by-url ledger fit polling stop flight, and of omniv2vbin: bin-stream bin-flight
# bin-cost bin-fade bin-capacity bin-stop (default: all, about twenty minutes after the build).
# BUILD_DIR chooses another folder than build-bench in the checkout.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
build=${BUILD_DIR:-$root/build-bench}

for tool in meson ninja curl gst-launch-1.0; do
  command -v "$tool" >/dev/null || {
    echo "$0: $tool is missing; tests/run.sh installs what the build and the tests need" >&2
    exit 1
  }
done
if ! /usr/bin/python3 -c 'import requests' 2>/dev/null; then
  echo "== installing python3-requests with apt-get" >&2
  if [ "$(id -u)" -eq 0 ]; then as_root=""; else as_root=sudo; fi
  $as_root apt-get install -y -q --no-install-recommends python3-requests >&2
fi

echo "== building into $build" >&2
[ -e "$build/build.ninja" ] || meson setup "$build" "$root" --buildtype=release >&2
ninja -C "$build" plugin/libgstomni.so examples/emulator/omni-emulator \
  tests/bench/bench-{server,polling,inside,memory,stop,flight} \
  tests/bench/bench-bin-{stream,flight,cost,fade,stop} >&2
exec /usr/bin/python3 "$here/rows.py" "$build" "$@"
