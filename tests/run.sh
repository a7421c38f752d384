#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors
#
# Installs what is missing, builds and runs the tests; ends with a line that counts them.
set -eu -o pipefail

usage() {
  cat <<END
usage: $0 [FILTER] [--full] [--no-install]
       $0 fuzz [SECONDS]
       $0 soak [SEGMENTS]
Runs every test as built; with AddressSanitizer and UBSan those in C++, and one that starts other programs;
and those that have GStreamer in them with a check that none of its objects is left over. The last line is
"N passed, N failed"; the exit status is 0 only when something ran and nothing failed. Builds are in build-tests/ and build-sanitized/.

  FILTER         only test programs whose name has this in it, such as unit or omniv2v
  --full         against an S3 server from npm as well, streams of ten minutes and an hour, live ones of
                 three minutes (half an hour in all), every test with AddressSanitizer and UBSan,
                 ThreadSanitizer on the client, and half a minute of fuzzing each
  --no-install   do not look for missing packages
  fuzz           fuzz the parsers, SECONDS each (default 60)
  soak           a stream of SEGMENTS (default 1000) through omniv2vbin, beside a service with faults of all
                 kinds; ends with its figures as a table (see tests/soak/README.md)
END
}

filter='' full='' install=yes fuzz='' fuzz_seconds=60 soak='' segments=1000
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --full) full=yes ;;
    --no-install) install='' ;;
    fuzz)
      fuzz=only
      case ${2:-} in [0-9]*) fuzz_seconds=$2; shift ;; esac
      ;;
    soak)
      soak=only
      case ${2:-} in [0-9]*) segments=$2; shift ;; esac
      ;;
    -*) usage >&2; exit 2 ;;
    *) filter=$1 ;;
  esac
  shift
done

cd "$(dirname "$0")/.."
root=$PWD
passed=0
failed=0
began=$SECONDS

bold='' normal=''
if [ -t 1 ] && [ -z "${CI:-}" ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$(printf '\033[1m') normal=$(printf '\033[0m')
fi
say() { printf '\n%s== %s%s (after %d s)\n' "$bold" "$*" "$normal" $((SECONDS - began)); }

# The last line is the same whatever happens.
finish() {
  status=$?
  trap - EXIT
  if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
  if [ $((passed + failed)) -eq 0 ]; then echo "nothing ran${filter:+: no test has \"$filter\" in its name}"; fi
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit $?
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

install_packages() {
  [ -n "$install" ] || return 0
  say "Packages"
  ./examples/install-packages.sh "$@" 2>&1 | sed 's/^/   /'
}

# build DIR MESON_OPTION...
build() {
  local dir=$1 log=$1/build.log
  shift
  mkdir -p "$dir"
  if [ ! -f "$dir/build.ninja" ]; then
    if ! meson setup "$dir" -Dwerror=true "$@" >"$log" 2>&1; then
      tail -n 30 "$log" | sed 's/^/   | /'
      return 1
    fi
  fi
  if ! ninja -C "$dir" >"$log" 2>&1; then
    grep -E -A 12 'FAILED:|error:' "$log" | tail -n 60 | sed 's/^/   | /'
    return 1
  fi
}

# The names of a build's tests that the filter lets through, one a line. With "gstreamer" only those that
# have GStreamer in them, which the parser's and the client's have not; those in Python start other programs,
# whose leaks tracer nobody would hear. With "sanitized" only one of those in Python: they take most of the
# time, and the same code runs in those in C++. Those of suite "full" are for --full.
names() {
  meson introspect --tests "$1" \
    | python3 -c 'import json, sys
text, which, full = sys.argv[1:]
for test in json.load(sys.stdin):
    name = test["name"]
    if not full and any(suite.endswith(":full") for suite in test["suite"]):
        continue
    programs = "python" in test["cmd"][0]
    outside = name.startswith("unit-") or name.endswith("-client") or programs
    if which == "gstreamer" and outside:
        continue
    if which == "sanitized" and programs and name != "elements-launch":
        continue
    if text in name:
        print(name)' "$filter" "$2" "$full"
}

# run all|gstreamer|sanitized DIR TITLE MESON_OPTION...
run() {
  local which=$1 dir=$2 title=$3 log chosen=() counts good bad
  shift 3
  mapfile -t chosen < <(names "$dir" "$which")
  if [ "${#chosen[@]}" -eq 0 ]; then return 0; fi
  say "Tests, $title"
  rm -f "$dir"/meson-logs/testlog*.json
  # Its status says no more than the log; without a log something else is wrong.
  meson test -C "$dir" --no-rebuild --print-errorlogs "$@" "${chosen[@]}" </dev/null 2>&1 \
    | sed -u -e '/^ninja:/d' -e '/^$/d' -e '/^\(Expected Fail\|Unexpected Pass\|Full log\)/d' -e 's/^/   /' || true
  for log in "$dir"/meson-logs/testlog*.json; do
    if [ ! -s "$log" ]; then
      echo "   meson test left no log"
      failed=$((failed + 1))
      continue
    fi
    counts=$(python3 tests/count-results.py "$log")
    read -r good bad <<<"$counts"
    echo "   $title: $good passed, $bad failed"
    passed=$((passed + good)) failed=$((failed + bad))
  done
}

# The server of elements-publish-s3-server, of the exact version that its package.json names.
install_s3_server() {
  local dir=$root/build-tests/s3-server
  say "S3 server"
  install_packages full
  mkdir -p "$dir"
  cp tests/support/s3-server/* "$dir"
  if ! npm install --prefix "$dir" --ignore-scripts --no-package-lock --no-audit --no-fund \
    --loglevel=error </dev/null >"$dir/install.log" 2>&1; then
    tail -n 20 "$dir/install.log" | sed 's/^/   | /'
    echo "   the S3 server could not be installed"
    failed=$((failed + 1))
    return 0
  fi
  export OMNI_TEST_S3_SERVER=$dir
}

run_fuzz() {
  say "Fuzzing, $1 s each"
  if sh tests/fuzz/run.sh "$1" 2>&1 | sed -u 's/^/   /'; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
}

# As elements-soak, but longer, and with what it says shown.
run_soak() {
  local log=$root/build-tests/soak.log
  say "Soak, $1 segments"
  if env GST_PLUGIN_PATH="$root/build-tests/plugin" GST_REGISTRY="$root/build-tests/soak-registry.bin" \
    GSETTINGS_BACKEND=memory python3 tests/soak/soak.py build-tests/examples/emulator/omni-emulator \
    build-tests/tests/omni-stream-check "$1" 2>&1 | tee "$log" | sed -u 's/^/   /'; then
    passed=$((passed + $(sed -n 's/.*Checks: \([0-9]*\),.*/\1/p' "$log")))
  else
    failed=$((failed + 1))
  fi
}

if [ "$soak" = only ]; then
  install_packages build run test
  say "Build"
  build "$root/build-tests"
  run_soak "$segments"
  exit 0
fi

if [ "$fuzz" = only ]; then
  install_packages build run test fuzz
  run_fuzz "$fuzz_seconds"
  exit 0
fi

install_packages build run test

say "Build"
build "$root/build-tests"
if [ -n "$full" ]; then
  if [[ elements-publish-s3-server == *"$filter"* ]]; then install_s3_server; fi
fi
# Check's limit for each case of a test in C++ is there to end what hangs, and nothing that is merely slow.
export CK_TIMEOUT_MULTIPLIER=3
run all "$root/build-tests" "as built" --timeout-multiplier 2

say "Build with AddressSanitizer and UBSan"
build "$root/build-sanitized" -Db_sanitize=address,undefined -Db_lundef=false --optimization=1
# libstdc++ as well: in a program in C, ASan would not find the function that throws.
preload=$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libstdc++.so.6)
# GStreamer's registry is made by a helper process, which is not built with ASan and could not load the
# plugin: made in this process instead, once, before the tests.
if ! LD_PRELOAD=$preload ASAN_OPTIONS=detect_leaks=0 GST_REGISTRY_FORK=no \
  GST_REGISTRY=$root/build-sanitized/tests/registry.bin \
  GST_PLUGIN_PATH=$root/build-sanitized/plugin gst-inspect-1.0 omniv2v >/dev/null; then
  echo "   GStreamer does not load the plugin with ASan"
  exit 1
fi
# The same goes for every program that loads the plugin and was not built with ASan itself. gst-launch-1.0 is
# found in this folder first; a test that starts another one by its path, such as an application in Python,
# gives it OMNI_TEST_PRELOAD as LD_PRELOAD, and ASAN_OPTIONS=detect_leaks=0: its own leaks are not ours.
mkdir -p "$root/build-sanitized/preloaded"
cat >"$root/build-sanitized/preloaded/gst-launch-1.0" <<END
#!/bin/sh
export LD_PRELOAD=$preload ASAN_OPTIONS=detect_leaks=0
exec $(command -v gst-launch-1.0) "\$@"
END
chmod +x "$root/build-sanitized/preloaded/gst-launch-1.0"
sanitized() {
  local path=$PATH
  export PATH=$root/build-sanitized/preloaded:$PATH
  export GST_REGISTRY_FORK=no
  export OMNI_TEST_PRELOAD=$preload
  # Most of the time goes into a stack for every allocation: of 30 frames by default, while eight still tell
  # whose it is.
  export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:fast_unwind_on_malloc=0:malloc_context_size=8
  export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
  export LSAN_OPTIONS=suppressions=$root/tests/support/lsan.supp:print_suppressions=0
  export CK_TIMEOUT_MULTIPLIER=8
  run "$([ -n "$full$filter" ] && echo all || echo sanitized)" "$root/build-sanitized" "with sanitizers" \
    --timeout-multiplier 4
  unset GST_REGISTRY_FORK OMNI_TEST_PRELOAD ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS
  export CK_TIMEOUT_MULTIPLIER=3
  PATH=$path
}
sanitized

run gstreamer "$root/build-tests" "with the leaks tracer" --timeout-multiplier 2 --setup leaks

# The client is where threads meet. GStreamer's own locks are invisible to the sanitizer, so elements
# would only give false alarms.
threads() {
  local all_names=$filter
  say "Build with ThreadSanitizer"
  build "$root/build-threads" -Db_sanitize=thread -Db_lundef=false
  export TSAN_OPTIONS=suppressions=$root/tests/support/tsan.supp
  filter=-client
  run all "$root/build-threads" "with the thread sanitizer" --timeout-multiplier 4
  filter=$all_names
  unset TSAN_OPTIONS
}

if [ -n "$full" ] && [ -z "$filter" ]; then
  threads
  install_packages fuzz
  run_fuzz 30
fi
