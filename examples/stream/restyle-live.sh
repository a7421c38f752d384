#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors
#
# Restyles a live feed with a fixed delay: SRT (or any other URI) in, HLS or SRT out.
set -eu -o pipefail

usage() {
  cat <<HELP
usage: $0 [options] FEED OUT PROMPT
       $0 --demo [options] [OUT [PROMPT]]
Restyles a live feed while it comes in. The result is late by one segment and --latency; what is not
there in time is shown as it was, and a warning says which latency would have been enough.
The service's key comes from the environment, see README.md. Jobs are paid for as long as it runs.

  FEED              such as srt://192.0.2.7:7001 (calls), "srt://:7001?mode=listener" (is called),
                    rtsp://..., or any other URI that GStreamer plays live
  OUT               a folder, for HLS (playlist.m3u8), or such as "srt://:7002?mode=listener"
  PROMPT            what to make of it, or @FILE
  --demo            start a feed and an emulated service on this computer, and restyle that for
                    $demo_for seconds
  --segment S       seconds in a job (default $segment)
  --latency S       seconds that the service may take (default $latency; with --demo $demo_latency)
  --for S           end after so many seconds (default $for_seconds)
  --max-seconds N   buy no more than so many seconds; what is over is shown as it was
  -h, --help
HELP
}

fail() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  if [ -n "${2:-}" ] && [ -s "$2" ]; then tail -n 12 "$2" | sed 's/^/  | /' >&2; fi
  exit 1
}

segment=4 latency=240 for_seconds=3600 demo_latency=12 demo_for=40
demo='' own_latency='' own_for=''
properties=()
words=()
number() {
  case $2 in *[!0-9]* | '' | 0) echo "${0##*/}: $1 needs a whole number from 1 on" >&2; exit 2 ;; esac
}
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --demo) demo=yes ;;
    --segment) number "$1" "${2:-}"; segment=$2; shift ;;
    --latency) number "$1" "${2:-}"; own_latency=$2; shift ;;
    --for) number "$1" "${2:-}"; own_for=$2; shift ;;
    --max-seconds) number "$1" "${2:-}"; properties+=("max-seconds=$2"); shift ;;
    -*) usage >&2; exit 2 ;;
    *) words+=("$1") ;;
  esac
  shift
done
if [ -n "$demo" ]; then
  [ ${#words[@]} -le 2 ] || { usage >&2; exit 2; }
  feed='' out=${words[0]:-restyled-live} prompt=${words[1]:-film noir}
  latency=$demo_latency for_seconds=$demo_for
else
  [ ${#words[@]} -eq 3 ] || { usage >&2; exit 2; }
  feed=${words[0]} out=${words[1]} prompt=${words[2]}
fi
latency=${own_latency:-$latency} for_seconds=${own_for:-$for_seconds}

command -v gst-launch-1.0 >/dev/null || fail "there is no gst-launch-1.0: install gstreamer1.0-tools"
gst-inspect-1.0 --exists --atleast-version=0.1 omniv2vbin \
  || fail "GStreamer does not find omniv2vbin: run this in \`meson devenv -C BUILD\`, or set GST_PLUGIN_PATH"

work=$(mktemp -d)
started=()  # what is to be ended
clean_up() {
  for pid in "${started[@]}"; do
    if kill "$pid" 2>/dev/null; then wait "$pid" 2>/dev/null || true; fi
  done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Waits until a file has a line with this in it, as long as the process lives, and a minute at most.
await() {
  local pid=$1 file=$2 text=$3
  local end=$((SECONDS + 60))
  while [ "$SECONDS" -lt "$end" ]; do
    if grep -qs "$text" "$file"; then return 0; fi
    kill -0 "$pid" 2>/dev/null || return 1
    sleep 0.05
  done
  return 1
}

# An emulated service, unless there is one, and a feed with picture and sound that can be called.
start_demo() {
  if [ -z "${OMNI_BASE_URL:-}" ]; then
    command -v omni-emulator >/dev/null \
      || fail "there is no omni-emulator: run this in \`meson devenv -C BUILD\`, or set OMNI_BASE_URL"
    omni-emulator --port 0 --state "$work/emulator" >"$work/emulator.out" 2>"$work/emulator.log" &
    started+=($!)
    await $! "$work/emulator.out" ' on ' || fail "the emulator did not start" "$work/emulator.log"
    OMNI_BASE_URL=$(sed -n '1s/.* on //p' "$work/emulator.out")
    export OMNI_BASE_URL
    export OMNI_API_KEY=${OMNI_API_KEY:-demo}
    echo "service: omni-emulator at $OMNI_BASE_URL (GStreamer effects, no AI model)"
  fi
  local port=${OMNI_DEMO_PORT:-7001}
  gst-launch-1.0 videotestsrc is-live=true pattern=smpte horizontal-speed=4 \
    ! video/x-raw,format=I420,width=640,height=360,framerate=25/1 \
    ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 ! h264parse config-interval=1 \
    ! queue ! mpegtsmux name=m alignment=7 ! srtsink "uri=srt://127.0.0.1:$port?mode=listener" wait-for-connection=false \
    audiotestsrc is-live=true wave=ticks ! audioconvert ! avenc_aac ! aacparse ! queue ! m. \
    >"$work/feed.log" 2>&1 &
  started+=($!)
  await $! "$work/feed.log" 'Setting pipeline to PLAYING' || fail "the feed did not start" "$work/feed.log"
  feed="srt://127.0.0.1:$port?mode=caller"
  echo "feed:    $feed (a test picture and ticks)"
}
if [ -n "$demo" ]; then start_demo; fi

# From a file, so that no character of it means anything to the launch line.
if [ "${prompt#@}" = "$prompt" ]; then
  printf '%s' "$prompt" >"$work/prompt.txt"
  prompt=@$work/prompt.txt
fi

case $out in
  srt://*) end=(mpegtsmux name=o alignment=7 ! srtsink "uri=$out" wait-for-connection=false) picture=o. sound=o. ;;
  *://*) fail "OUT is a folder or an srt:// address, not $out" ;;
  *)
    mkdir -p -- "$out" || fail "the folder $out cannot be made"
    end=(hlssink2 name=o target-duration=2 playlist-length=0 max-files=0
      "location=$out/part%05d.ts" "playlist-location=$out/playlist.m3u8")
    picture=o.video sound=o.audio
    ;;
esac
echo "out:     $out, late by $((segment + latency)) s and what the feed itself takes"

# What people want to see of the messages.
show() {
  awk '
    /omni\/job/ {
      if (!match($0, /segment=\(uint\)[0-9]+/)) next
      number = substr($0, RSTART + 14, RLENGTH - 14)
      if (!match($0, /state=\(string\)[a-z]+/)) next
      state = substr($0, RSTART + 14, RLENGTH - 14)
      if (state == before[number]) next
      before[number] = state
      if (state ~ /^(pending|done|late|failed)$/) printf "segment %s  %s\n", number, state
      fflush()
    }
    /^WARNING:/ { print; fflush() }'
}

# Errors, unlike warnings, are printed by the thread that has them, and would land in the midst of a
# message: they have a file of their own. That nothing prerolls any more needs no line beside the reason.
show_errors() {
  awk '/^(ERROR|WARNING):/ && !/want to preroll/ { print; fflush() }'
}

: >"$work/launch.log"
: >"$work/errors.log"
# -e: at the end of the time what is under way is still shown, and the last part is closed.
set +e
timeout --foreground -s INT -k "$((segment + latency + 60))" "$for_seconds" gst-launch-1.0 -e -m \
  uridecodebin "uri=$feed" name=d d. ! queue ! deinterlace ! videoconvert ! video/x-raw,format=I420 \
  ! omniv2vbin name=v "prompt=$prompt" "segment-duration=${segment}000000000" \
  "latency=${latency}000000000" "${properties[@]}" \
  ! x264enc tune=zerolatency speed-preset=veryfast key-int-max=50 ! h264parse config-interval=1 ! queue ! "$picture" \
  d. ! queue ! v.audio_sink_0 v.audio_src_0 ! audioconvert ! audioresample ! avenc_aac ! aacparse \
  ! queue ! "$sound" "${end[@]}" >"$work/launch.log" 2>"$work/errors.log" &
running=$!
started+=("$running")
tail -n +1 -F --pid="$running" "$work/launch.log" 2>/dev/null | show &
shown=$!
tail -n +1 -F --pid="$running" "$work/errors.log" 2>/dev/null | show_errors &
shown="$shown $!"
# In the background all of it, for the shell hears of signals while it waits, and only then.
wait "$running"
status=$?
wait $shown
set -e
if grep -q '^ERROR:' "$work/errors.log"; then fail "the stream ended with the error above"; fi
if [ "$status" -ne 0 ] && [ "$status" -ne 124 ]; then fail "gst-launch-1.0 ended with $status" "$work/errors.log"; fi
echo "done: $out"
