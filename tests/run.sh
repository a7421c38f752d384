#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors
#
# Installs what is missing, builds and runs the tests; ends with a line that counts them.
set -eu -o pipefail

usage() {
  cat <<END
usage: $0 [--ci] [--no-install] [FILTER]
       $0 --full [PART] [--seconds N] [--segments N] [--no-install] [FILTER]
       $0 --debian 12|13 [OPTION...] [FILTER]
Builds and runs the tests as a user would build the plugin, but for programs that take longer than 15 s.
At the end stand the ten slowest programs and what was skipped; the last line is "N passed, N failed". The exit
status is 0 only when something ran and nothing failed. Builds are in build-tests/, build-sanitized/ and others of
such names.

  FILTER         only test programs whose name has this in it, such as unit or omniv2v, slow ones too
  --ci           the slow programs too; then, with AddressSanitizer and UBSan, those in C++ and one that starts
                 other programs; then those that have GStreamer in them, with a check that none of its objects is
                 left over
  --full [PART]  what takes long, one PART of these (none: all of them, one after another):
                   threads   the client with ThreadSanitizer
                   tidy      clang-tidy on all sources but those of the tests (checks: .clang-tidy)
                   debian    --debian with the other release, and --ci
                   fuzz      the parsers with libFuzzer, --seconds N each (60)
                   soak      a stream of --segments N (1000) beside a service with faults of all kinds
                             (see tests/soak/README.md)
                   long      streams of ten minutes and an hour, live ones of three minutes, an S3 server from
                             npm, and all programs in Python with AddressSanitizer and UBSan
                 FILTER is for threads, tidy (a part of a file's name), debian and long
  --debian N     all of this in a chroot of Debian 12 or 13, which debootstrap makes in build-debian-N/; needs root
                 or sudo, and about 3 GB
  --no-install   do not look for missing packages
END
}

parts=(threads tidy debian fuzz soak long)
filter='' ci='' full='' debian='' install=yes seconds=60 segments=1000
fail_usage() {
  echo "$0: $1" >&2
  usage >&2
  exit 2
}
number() {
  case ${2:-} in '' | *[!0-9]*) fail_usage "$1 takes a number" ;; esac
}
arguments=("$@")
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --ci) ci=yes ;;
    --full)
      full=${parts[*]}
      case ${2:-} in
        '' | -*) ;;
        *)
          case " $full " in *" $2 "*) full=$2 ;; *) fail_usage "there is no part \"$2\"" ;; esac
          shift
          ;;
      esac
      ;;
    --debian)
      debian=${2:-}
      case $debian in 12 | 13) shift ;; *) fail_usage "--debian takes 12 or 13" ;; esac
      ;;
    --seconds) number "$@"; seconds=$2; shift ;;
    --segments) number "$@"; segments=$2; shift ;;
    --no-install) install='' ;;
    -*) fail_usage "there is no option $1" ;;
    *)
      [ -z "$filter" ] || fail_usage "one FILTER at most"
      filter=$1
      ;;
  esac
  shift
done
if [ -n "$ci" ] && [ -n "$full" ]; then fail_usage "--ci or --full, one of them"; fi

cd "$(dirname "$0")/.."
root=$PWD
passed=0 failed=0 skipped=0
again=()  # sentences about what was run once more
figures=$(mktemp)
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
  if [ -s "$figures" ]; then
    say "The slowest"
    python3 tests/results.py slowest "$figures" || true
  fi
  say "Result"
  if [ "$skipped" -gt 0 ]; then
    python3 tests/results.py skipped "$figures" || true
    echo "$skipped skipped"
  fi
  if [ "${#again[@]}" -gt 0 ]; then printf '%s\n' "${again[@]}"; fi
  rm -f "$figures"
  if [ $((passed + failed + skipped)) -eq 0 ]; then
    echo "nothing ran${filter:+: no test has \"$filter\" in its name}"
  fi
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

# configure DIR MESON_OPTION...
configure() {
  local dir=$1 log=$1/build.log
  shift
  mkdir -p "$dir"
  if [ -f "$dir/build.ninja" ]; then return 0; fi
  # Lines and functions are all of the debug information that a report needs: a quarter less to compile.
  if ! meson setup "$dir" -Dwerror=true -Dcpp_args=-g1 "$@" >"$log" 2>&1; then
    tail -n 30 "$log" | sed 's/^/   | /'
    return 1
  fi
}

# A line for each fifth of what ninja says.
progress() {
  local line step steps fifth=0
  while IFS= read -r line; do
    if [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
      step=${BASH_REMATCH[1]} steps=${BASH_REMATCH[2]}
      if [ $((5 * step / steps)) -gt "$fifth" ]; then
        fifth=$((5 * step / steps))
        echo "   $step of $steps steps (after $((SECONDS - began)) s)"
      fi
    fi
  done
}

# compile DIR [TARGET...]
compile() {
  local log=$1/build.log
  if ! ninja -C "$@" 2>&1 | tee "$log" | progress; then
    grep -E -A 12 'FAILED:|error:' "$log" | tail -n 60 | sed 's/^/   | /'
    return 1
  fi
}

# The names of a build's tests that the filter lets through, one a line. WHICH of them:
#   quick       all but the slow ones (suite "ci") and the long ones (suite "long")
#   slow        only the slow ones
#   all         quick and slow
#   gstreamer   those of all that have GStreamer in them; those in Python start other programs, whose leaks tracer
#               nobody would hear
#   sanitized   those of all in C++, and one in Python: the others take most of the time, and the same code runs
#   python      those of all in Python but that one
#   client      those of all that are the client alone
#   long        only the long ones
# names DIR WHICH
names() {
  meson introspect --tests "$1" \
    | python3 -c 'import json, sys
text, which = sys.argv[1:]
for test in json.load(sys.stdin):
    name = test["name"]
    suites = [suite.rpartition(":")[2] for suite in test["suite"]]
    python = "python" in test["cmd"][0]
    client = name.endswith("-client")
    launch = name == "elements-launch"
    wanted = {
        "quick": "ci" not in suites,
        "slow": "ci" in suites,
        "all": True,
        "gstreamer": not (name.startswith("unit-") or client or python),
        "sanitized": not python or launch,
        "python": python and not launch,
        "client": client,
        "long": True,
    }[which]
    if wanted and ("long" in suites) == (which == "long") and text in name:
        print(name)' "$filter" "$2"
}

# Many programs wait most of their time: twice as many run at once as there are cores.
# meson_test DIR LOGBASE OPTION_OR_NAME...
meson_test() {
  local dir=$1 base=$2
  shift 2
  rm -f "$dir/meson-logs/$base"*.json
  # Its status says no more than the log; without a log something else is wrong.
  meson test -C "$dir" --no-rebuild --print-errorlogs --logbase "$base" --num-processes $((2 * $(nproc))) \
    --wrapper "python3 -S -E $root/tests/measured.py" "$@" </dev/null 2>&1 \
    | sed -u -e '/^ninja:/d' -e '/^$/d' -e '/^\(Expected Fail\|Unexpected Pass\|Full log\)/d' -e 's/^/   /' || true
}

# run WHICH DIR TITLE MESON_OPTION...
run() {
  local which=$1 dir=$2 title=$3 logs chosen=() crashed=() counts good bad omitted name
  shift 3
  mapfile -t chosen < <(names "$dir" "$which")
  if [ "${#chosen[@]}" -eq 0 ]; then return 0; fi
  say "Tests, $title"
  meson_test "$dir" testlog "$@" "${chosen[@]}"
  logs=("$dir"/meson-logs/testlog*.json)  # its name has the wrapper's in it
  if [ ! -s "${logs[0]}" ]; then
    echo "   meson test left no log"
    failed=$((failed + 1))
    return 0
  fi
  mapfile -t crashed < <(python3 tests/results.py crashed "${logs[0]}")
  if [ "${#crashed[@]}" -gt 0 ]; then
    say "Once more, for LeakSanitizer itself crashed"
    meson_test "$dir" again "$@" "${crashed[@]}"
    for name in "${crashed[@]}"; do
      again+=("$name, $title: run once more, for LeakSanitizer itself had crashed; what came of that counts")
    done
    logs+=("$dir"/meson-logs/again*.json)
  fi
  counts=$(python3 tests/results.py count "$title" "$figures" "${logs[@]}")
  read -r good bad omitted <<<"$counts"
  echo "   $title: $good passed, $bad failed, $omitted skipped"
  passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + omitted))
}

# Check's limit for each case of a test in C++ is there to end what hangs, and nothing that is merely slow.
export CK_TIMEOUT_MULTIPLIER=3

build() {
  say "Build"
  configure "$root/build-tests"
  compile "$root/build-tests"
}

# build_sanitized PRELOAD
build_sanitized() {
  local dir=$root/build-sanitized
  say "Build with AddressSanitizer and UBSan"
  # With -O1, UBSan's checks in coroutines take three times as long to compile.
  configure "$dir" -Db_sanitize=address,undefined -Db_lundef=false --optimization=g
  compile "$dir"
  # GStreamer's registry is made by a helper process, which is not built with ASan and could not load the
  # plugin: made in this process instead, once, before the tests.
  if ! LD_PRELOAD=$1 ASAN_OPTIONS=detect_leaks=0 GST_REGISTRY_FORK=no GST_REGISTRY=$dir/tests/registry.bin \
    GST_PLUGIN_PATH=$dir/plugin gst-inspect-1.0 omniv2v >/dev/null; then
    echo "   GStreamer does not load the plugin with ASan"
    return 1
  fi
  # The same goes for every program that loads the plugin and was not built with ASan itself. gst-launch-1.0 is
  # found in this folder first; a test that starts another one by its path, such as an application in Python,
  # gives it OMNI_TEST_PRELOAD as LD_PRELOAD, and ASAN_OPTIONS=detect_leaks=0: its own leaks are not ours.
  mkdir -p "$dir/preloaded"
  cat >"$dir/preloaded/gst-launch-1.0" <<END
#!/bin/sh
export LD_PRELOAD=$1 ASAN_OPTIONS=detect_leaks=0
exec $(command -v gst-launch-1.0) "\$@"
END
  chmod +x "$dir/preloaded/gst-launch-1.0"
}

# sanitized WHICH
sanitized() {
  local path=$PATH preload
  # libstdc++ as well: in a program in C, ASan would not find the function that throws.
  preload=$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libstdc++.so.6)
  build_sanitized "$preload"
  export PATH=$root/build-sanitized/preloaded:$PATH
  export GST_REGISTRY_FORK=no
  export OMNI_TEST_PRELOAD=$preload
  # Most of the time goes into a stack for every allocation: of 30 frames by default, while eight still tell
  # whose it is. LeakSanitizer falls over what it keeps of the thread-local memory of libraries whose threads
  # are ending (GnuTLS, libav), unless it is told not to look: 4 of 12 runs of media-still at four at once, and
  # none of 24.
  export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1:fast_unwind_on_malloc=0:malloc_context_size=8
  ASAN_OPTIONS+=:intercept_tls_get_addr=0
  export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
  export LSAN_OPTIONS=suppressions=$root/tests/support/lsan.supp:print_suppressions=0
  export CK_TIMEOUT_MULTIPLIER=8
  run "$1" "$root/build-sanitized" "with sanitizers" --timeout-multiplier 4
  unset GST_REGISTRY_FORK OMNI_TEST_PRELOAD ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS
  export CK_TIMEOUT_MULTIPLIER=3
  PATH=$path
}

# The client is where threads meet. GStreamer's own locks are invisible to the sanitizer, so elements
# would only give false alarms.
part_threads() {
  local dir=$root/build-threads programs
  say "Build with ThreadSanitizer"
  configure "$dir" -Db_sanitize=thread -Db_lundef=false
  mapfile -t programs < <(names "$dir" client)
  if [ "${#programs[@]}" -eq 0 ]; then return 0; fi
  compile "$dir" "${programs[@]/#/tests/}"
  export TSAN_OPTIONS=suppressions=$root/tests/support/tsan.supp
  run client "$dir" "with the thread sanitizer" --timeout-multiplier 4
  unset TSAN_OPTIONS
}

# Each file is a test.
part_tidy() {
  local dir=$root/build-tidy clang=clang-16 tidy=clang-tidy-16 files=() log
  install_packages tidy
  if ! command -v "$tidy" >/dev/null; then clang=clang tidy=clang-tidy; fi
  say "clang-tidy"
  # Clang reads no precompiled header of GCC.
  CC=$clang CXX=${clang/clang/clang++} configure "$dir" -Dtests=false -Db_pch=false
  mapfile -t files < <(python3 -c 'import json, os, sys
for unit in json.load(open(sys.argv[1])):
    path = os.path.normpath(os.path.join(unit["directory"], unit["file"]))
    if sys.argv[2] in os.path.relpath(path):
        print(path)' "$dir/compile_commands.json" "$filter")
  log=$dir/tidy.log
  # shellcheck disable=SC2016  # for the inner shell
  printf '%s\0' "${files[@]}" | xargs -0 -P "$(nproc)" -I{} sh -c \
    '"$1" --quiet -p "$2" "$3" >"$2/$$.out" 2>/dev/null && echo "good $3" || { cat "$2/$$.out"; echo "bad $3"; }
    rm -f "$2/$$.out"' sh "$tidy" "$dir" {} >"$log"
  grep -v '^good ' "$log" | sed "s|$root/||; s/^/   /" || true
  passed=$((passed + $(grep -c '^good ' "$log" || true)))
  failed=$((failed + $(grep -c '^bad ' "$log" || true)))
}

# in_debian VERSION ARGUMENT...
in_debian() {
  local log=$root/build-debian-$1.log counts good bad status=0
  install_packages debian
  say "Debian $1"
  tests/debian.sh "$@" 2>&1 | tee "$log" | sed -u 's/^/   /' || status=$?
  counts=$(tail -n 1 "$log")
  if [[ $counts =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    good=${BASH_REMATCH[1]} bad=${BASH_REMATCH[2]}
  else
    good=0 bad=1
  fi
  if [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
  passed=$((passed + good)) failed=$((failed + bad))
}

part_debian() {
  local other=13
  # shellcheck disable=SC1091
  if [ "$(. /etc/os-release && echo "${VERSION_ID:-}")" = 13 ]; then other=12; fi
  in_debian "$other" --ci ${filter:+"$filter"}
}

part_fuzz() {
  install_packages fuzz
  say "Fuzzing, $seconds s each"
  if sh tests/fuzz/run.sh "$seconds" 2>&1 | sed -u 's/^/   /'; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
}

# As elements-soak, but longer, and with what it says shown.
part_soak() {
  local log=$root/build-tests/soak.log
  build
  say "Soak, $segments segments"
  if env GST_PLUGIN_PATH="$root/build-tests/plugin" GST_REGISTRY="$root/build-tests/soak-registry.bin" \
    GSETTINGS_BACKEND=memory python3 tests/soak/soak.py build-tests/examples/emulator/omni-emulator \
    build-tests/tests/omni-stream-check "$segments" 2>&1 | tee "$log" | sed -u 's/^/   /'; then
    passed=$((passed + $(sed -n 's/.*Checks: \([0-9]*\),.*/\1/p' "$log")))
  else
    failed=$((failed + 1))
  fi
}

# The server of elements-publish-s3-server, of the exact version that its package.json names; that test is skipped
# without it.
install_s3_server() {
  local dir=$root/build-tests/s3-server
  install_packages full
  say "S3 server"
  mkdir -p "$dir"
  cp tests/support/s3-server/* "$dir"
  if npm install --prefix "$dir" --ignore-scripts --no-package-lock --no-audit --no-fund \
    --loglevel=error </dev/null >"$dir/install.log" 2>&1; then
    export OMNI_TEST_S3_SERVER=$dir
  else
    tail -n 20 "$dir/install.log" | sed 's/^/   | /'
    echo "   the S3 server could not be installed"
  fi
}

part_long() {
  build
  if [[ elements-publish-s3-server == *"$filter"* ]]; then install_s3_server; fi
  run long "$root/build-tests" "long" --timeout-multiplier 2
  sanitized python
}

if [ -n "$debian" ]; then
  passed_on=()
  for ((i = 0; i < ${#arguments[@]}; i++)); do
    if [ "${arguments[i]}" = --debian ]; then i=$((i + 1)); else passed_on+=("${arguments[i]}"); fi
  done
  in_debian "$debian" "${passed_on[@]}"
  exit 0
fi

install_packages build run test

if [ -n "$full" ]; then
  for part in $full; do "part_$part"; done
  exit 0
fi

build
if [ -n "$ci$filter" ]; then
  run all "$root/build-tests" "as built" --timeout-multiplier 2
else
  run quick "$root/build-tests" "as built" --timeout-multiplier 2
  echo "   left to --ci, for they are slow: $(names "$root/build-tests" slow | paste -s -d ' ')"
fi
if [ -n "$ci" ]; then
  sanitized "$(if [ -n "$filter" ]; then echo all; else echo sanitized; fi)"
  run gstreamer "$root/build-tests" "with the leaks tracer" --timeout-multiplier 2 --setup leaks
fi
