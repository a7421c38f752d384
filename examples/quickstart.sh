#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors
#
# From a fresh checkout to a regenerated clip, on this computer alone: no account, no key, no bill.
set -eu -o pipefail

usage() {
  cat <<END
usage: $0 [options] [CLIP.mp4]
Installs what is missing, builds gst-omni, starts the emulator of a video service on this computer,
sends a clip through omniv2v and shows before and after. Without CLIP.mp4 it makes one (6 s, with
sound). Everything goes to quickstart-out/ and build-quickstart/; it can be run again.

  --prompt TEXT    what to make of the clip (default: "$prompt")
  --build DIR      another build folder
  --no-install     do not look for missing packages
  -h, --help
END
}

say() { printf '\n%s== %s%s\n' "$bold" "$*" "$normal"; }
note() { printf '   %s\n' "$*"; }

# What went wrong, with the end of the log that tells it.
fail() {
  printf '\nquickstart failed: %s\n' "$1" >&2
  if [ -n "${2:-}" ] && [ -s "$2" ]; then
    printf 'The end of %s:\n' "$2" >&2
    tail -n 20 "$2" | sed 's/^/  | /' >&2
  fi
  exit 1
}

bold='' normal=''
if [ -t 1 ] && [ -z "${CI:-}" ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$(printf '\033[1m') normal=$(printf '\033[0m')
fi

prompt="rainy neon night, wet street, glowing windows; keep the car and its way"
clip=
build=
install=yes
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --prompt) prompt=${2:?--prompt needs a text}; shift ;;
    --build) build=$(realpath -m -- "${2:?--build needs a folder}"); shift ;;
    --no-install) install= ;;
    -*) usage >&2; exit 2 ;;
    *) clip=$(realpath -- "$1") || exit 2 ;;
  esac
  shift
done

cd "$(dirname "$0")/.."
build=${build:-$PWD/build-quickstart}
build_shown=${build#"$PWD/"}
out=quickstart-out
mkdir -p "$out/logs"
emulator_pid=

clean_up() {
  if [ -n "$emulator_pid" ] && kill "$emulator_pid" 2>/dev/null; then
    wait "$emulator_pid" 2>/dev/null || true
  fi
  emulator_pid=
  rm -rf "$out/frames"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Decodes a clip and sets frames, millis (of the whole) and sound (in bytes, 0 when there is none).
measure() {
  local file=$1 log=$out/logs/decode.log sound_branch=()
  gst-discoverer-1.0 --timeout=60 "$file" >"$log" 2>&1 || fail "$file cannot be read" "$log"
  millis=$(sed -n 's/^ *Duration: \([0-9:.]*\)$/\1/p' "$log" \
    | awk -F: '{ printf "%d", (($1 * 60 + $2) * 60 + $3) * 1000 + 0.5 }')
  [ "${millis:-0}" -gt 0 ] || fail "$file has no length" "$log"
  mkdir -p "$out/frames"
  : >"$out/frames/sound"
  if grep -q '^ *audio' "$log"; then
    sound_branch=(d. ! queue ! audioconvert ! audioresample
      ! "audio/x-raw,format=U8,rate=8000,channels=1" ! filesink "location=$out/frames/sound")
  fi
  # One tiny grey picture a frame: their size tells how many there are.
  timeout 120 gst-launch-1.0 -q filesrc location="$file" ! decodebin name=d \
    d. ! queue ! videoconvert ! videoscale \
    ! video/x-raw,format=GRAY8,width=16,height=16,pixel-aspect-ratio=1/1 \
    ! filesink location="$out/frames/picture" "${sound_branch[@]}" \
    >"$log" 2>&1 || fail "$file cannot be decoded" "$log"
  frames=$(($(wc -c <"$out/frames/picture") / 256))
  sound=$(wc -c <"$out/frames/sound")
  [ "$frames" -gt 0 ] || fail "$file has no picture" "$log"
  note "$file: $(wc -c <"$file") bytes, $frames frames," \
    "$((millis / 1000)).$((millis / 100 % 10)) s, $([ "$sound" -gt 0 ] && echo with || echo no) sound"
}

# Six pictures of a clip, evenly over its length.
pictures() {
  timeout 120 gst-launch-1.0 -q filesrc location="$1" ! decodebin ! videorate \
    ! "video/x-raw,framerate=6000/$2" ! videoconvert ! pngenc \
    ! multifilesink location="$3-%d.png" >"$out/logs/pictures.log" 2>&1 \
    || fail "taking pictures of $1" "$out/logs/pictures.log"
}

# How much two pictures differ: the mean over small grey versions of them, of 255.
difference() {
  for picture in "$1" "$2"; do
    timeout 60 gst-launch-1.0 -q filesrc location="$picture" ! pngdec ! videoconvert ! videoscale \
      ! video/x-raw,format=GRAY8,width=64,height=36,pixel-aspect-ratio=1/1 ! fdsink \
      | od -An -v -tu1 -w1 >"$picture.grey" || return 1
  done
  paste "$1.grey" "$2.grey" \
    | awk '{ d = $1 - $2; sum += d < 0 ? -d : d } END { printf "%d\n", NR ? sum / NR : 0 }'
}

if [ -n "$install" ]; then
  say "Packages"
  ./examples/install-packages.sh --log "$out/logs/install.log" build run 2>&1 | sed 's/^/   /' \
    || fail "packages are missing" ""
fi

say "Build ($build_shown)"
if [ ! -f "$build/build.ninja" ]; then
  meson setup "$build" -Dtests=false >"$out/logs/build.log" 2>&1 \
    || fail "meson setup" "$out/logs/build.log"
fi
ninja -C "$build" >"$out/logs/build.log" 2>&1 || fail "the build" "$out/logs/build.log"
export GST_PLUGIN_PATH=$build/plugin${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}
gst-inspect-1.0 omniv2v >"$out/logs/inspect.log" 2>&1 \
  || fail "GStreamer does not find omniv2v" "$out/logs/inspect.log"
note "the plugin:   $build_shown/plugin/libgstomni.so"
note "the emulator: $build_shown/examples/emulator/omni-emulator"

say "Clip"
before=$out/before.mp4
if [ -n "$clip" ]; then
  [ "$clip" -ef "$before" ] || cp -- "$clip" "$before"
else
  ./examples/make-clip.sh "$before" 6 >"$out/logs/clip.log" 2>&1 \
    || fail "making a clip" "$out/logs/clip.log"
fi
measure "$before"
before_millis=$millis before_sound=$sound

say "Service"
# A key for this run alone. It goes by environment: command lines are seen by others and logged.
OMNI_API_KEY=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
OMNI_EMULATOR_KEY=$OMNI_API_KEY
export OMNI_API_KEY OMNI_EMULATOR_KEY
"$build/examples/emulator/omni-emulator" --port 0 --service-time 8 --state "$PWD/$out/emulator" \
  >"$out/logs/emulator.out" 2>"$out/logs/emulator.log" &
emulator_pid=$!
url=
for _ in $(seq 100); do
  url=$(sed -n '1s/.* on //p' "$out/logs/emulator.out")
  [ -n "$url" ] && break
  kill -0 "$emulator_pid" 2>/dev/null || break
  sleep 0.1
done
[ -n "$url" ] || fail "the emulator did not start" "$out/logs/emulator.log"
export OMNI_BASE_URL=$url
note "omni-emulator at $url stands in for the service (GStreamer effects, no AI model)"

say "Regenerate"
after=$out/after.mp4
rm -f "$after"
note "export OMNI_BASE_URL=$url     # and OMNI_API_KEY, a key for this run"
note "gst-launch-1.0 filesrc location=$before \\"
note "    ! omniv2v prompt=\"$prompt\" \\"
note "    ! filesink location=$after"
note ""
set +e
timeout 600 gst-launch-1.0 filesrc location="$before" ! omniv2v prompt="$prompt" \
  ! filesink location="$after" 2>&1 | tee "$out/logs/launch.log" \
  | sed -u -n -e 's/^Progress: (\([a-z]*\)) /   \1: /p' -e '/^ERROR/p'
status=${PIPESTATUS[0]}
set -e
[ "$status" -eq 0 ] || fail "gst-launch-1.0 ended with $status" "$out/logs/launch.log"

say "Check"
[ -s "$after" ] || fail "$after is empty" "$out/logs/launch.log"
measure "$after"
if [ "$before_sound" -gt 0 ] && [ "$sound" -eq 0 ]; then fail "the sound is gone" ""; fi
off=$((millis - before_millis))
if [ -z "$clip" ] && [ "${off#-}" -gt 500 ]; then
  fail "the result lasts $millis ms, the clip $before_millis ms" ""
fi

pictures "$before" "$before_millis" "$out/frames/before"
pictures "$after" "$millis" "$out/frames/after"
differ=$(difference "$out/frames/before-3.png" "$out/frames/after-3.png") || fail "comparing pictures" ""
[ "$differ" -ge 8 ] || fail "the result looks like the clip (difference $differ of 255)" ""
note "the pictures differ by $differ of 255 on average"

# Left the clip, right the result, at 1/6 and 4/6 of the time. RGB16 halves the file.
mix=() inputs=()
pad=0 y=8
for at in 1 4; do
  x=8
  for side in before after; do
    mix+=("sink_$pad::xpos=$x" "sink_$pad::ypos=$y" "sink_$pad::width=480" "sink_$pad::height=270"
      "sink_$pad::sizing-policy=keep-aspect-ratio")
    inputs+=(filesrc "location=$out/frames/$side-$at.png" ! pngdec ! videoconvert
      ! videoscale method=bilinear2 ! video/x-raw,width=480
      ! imagefreeze num-buffers=1 ! "mix.sink_$pad")
    pad=$((pad + 1)) x=$((x + 488))
  done
  y=$((y + 278))
done
timeout 60 gst-launch-1.0 -q compositor name=mix background=black "${mix[@]}" \
  ! video/x-raw,width=984,height=564 ! videoconvert dither=none \
  ! video/x-raw,format=RGB16 ! videoconvert ! pngenc snapshot=true compression-level=9 \
  ! filesink location="$out/before-after.png" "${inputs[@]}" >"$out/logs/pictures.log" 2>&1 \
  || fail "writing before-after.png" "$out/logs/pictures.log"
[ -s "$out/before-after.png" ] || fail "before-after.png is empty" "$out/logs/pictures.log"

say "Done"
cat <<END
   $out/before-after.png   left the clip, right the result
   $before         the clip
   $after          the result
   $out/emulator/          what the emulator was sent and what it made
   $out/logs/              what every step said

   Next, in two terminals, both after  meson devenv -C $build_shown  (a shell that knows the plugin):
     omni-emulator --port 8080             # its --help lists the looks, such as noir, cartoon, dream
     export OMNI_BASE_URL=http://127.0.0.1:8080 OMNI_API_KEY=anything
     gst-launch-1.0 filesrc location=$PWD/$before ! omniv2v prompt="film noir" \\
         ! filesink location=/tmp/noir.mp4
   With a real service leave OMNI_BASE_URL out and set its key: see README.md.
END
