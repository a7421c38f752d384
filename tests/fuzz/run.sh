#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors
#
# Fuzzes what reads bytes from outside: ./run.sh [SECONDS for each target, 60]
# BUILD_DIR and CORPUS_DIR choose other folders than build-fuzz in the checkout and corpus in that.
set -eu

seconds=${1:-60}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
build=${BUILD_DIR:-$root/build-fuzz}
corpus=${CORPUS_DIR:-$build/corpus}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

has_clang() {
  command -v clang++-16 >/dev/null || return 1
  for runtime in "$(clang++-16 -print-resource-dir)"/lib/linux/libclang_rt.fuzzer-*.a; do
    [ -e "$runtime" ] && return
  done
  return 1
}

need_clang() {
  if has_clang; then return; fi
  echo "== installing clang-16 and libclang-rt-16-dev with apt-get"
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends clang-16 libclang-rt-16-dev
}

build_targets() {
  echo "== building in $build"
  # The coroutines of gst/client and all tests stay out: only the targets are compiled.
  if [ ! -e "$build/build.ninja" ]; then
    CC=clang-16 CXX=clang++-16 meson setup "$build" "$root" \
      -Dfuzz=true --buildtype=debugoptimized -Db_lundef=false
  fi
  ninja -C "$build" tests/fuzz/fuzz-reply tests/fuzz/fuzz-mp4 tests/fuzz/fuzz-remux \
    tests/fuzz/fuzz-text tests/fuzz/make-mp4-seeds
}

make_corpus() {
  mkdir -p "$corpus/reply" "$corpus/mp4" "$corpus/remux" "$corpus/text"
  cp "$here"/seeds/reply/*.json "$corpus/reply/"
  "$build/tests/fuzz/make-mp4-seeds" "$corpus/mp4"
  "$build/tests/fuzz/make-mp4-seeds" "$corpus/remux"
  cp "$here"/seeds/text/* "$corpus/text/"
}

# A finding leaves its input beside the corpus, and ends the script with the fuzzer's status.
fuzz() {
  name=$1
  shift
  log=$corpus/$name.log
  echo "== fuzz-$name for $seconds s"
  if ! "$build/tests/fuzz/fuzz-$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 \
    -print_final_stats=1 -artifact_prefix="$corpus/$name-" "$@" "$corpus/$name" >"$log" 2>&1; then
    tail -n 60 "$log"
    echo "== fuzz-$name found something; the whole log is $log"
    exit 1
  fi
  executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  echo "== fuzz-$name: $executions executions, nothing found"
}

need_clang
build_targets
make_corpus
fuzz reply -max_len=8192 -dict="$here/reply.dict"
fuzz mp4 -max_len=16384 -dict="$here/mp4.dict"
fuzz remux -max_len=16384 -dict="$here/mp4.dict"
fuzz text -max_len=1024 -dict="$here/text.dict"
