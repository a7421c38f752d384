#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors
#
# Restyles a whole file, however long, to a new MP4 with its sound: omniv2vbin cuts it into jobs and
# puts the results back frame by frame.
set -eu -o pipefail

usage() {
  cat <<HELP
usage: $0 [options] IN OUT.mp4 PROMPT
Restyles the video IN (any file that GStreamer decodes) and writes it to OUT.mp4, the sound included.
The service's key comes from the environment, see README.md. Every $segment seconds of film are a job
that is paid; what it will be is said first.

  PROMPT            what to make of it, or @FILE
  --segment S       seconds of film in a job (default $segment)
  --fade S          fade from one job's result to the next one's for so long (default 0): each job then
                    has so many seconds in common with the next, so there are more of them
  --anchor          send a picture of the first job's result with all others, so that they look alike
  --at-once N       jobs that run at once (default 8)
  --max-seconds N   buy no more than so many seconds; what is over is shown as it was
  --keep-going      show the original where a job fails, instead of stopping
  --dry-run         check everything and show the first request; send nothing, write nothing
  --at-most MINUTES stop after this time (default $minutes)
  -h, --help
HELP
}

fail() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  if [ -n "${2:-}" ] && [ -s "$2" ]; then tail -n 12 "$2" | sed 's/^/  | /' >&2; fi
  exit 1
}

segment=8 fade=0 minutes=60 keep='' dry=''
properties=()
words=()
number() {
  case $2 in *[!0-9]* | '' | 0) echo "${0##*/}: $1 needs a whole number from 1 on" >&2; exit 2 ;; esac
}
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --segment) number "$1" "${2:-}"; segment=$2; shift ;;
    --anchor) properties+=(anchor=first) ;;
    --fade) [ "${2:-}" = 0 ] || number "$1" "${2:-}"; fade=$2; shift ;;
    --at-once) number "$1" "${2:-}"; properties+=("max-in-flight=$2"); shift ;;
    --max-seconds) number "$1" "${2:-}"; properties+=("max-seconds=$2"); keep=yes; shift ;;
    --at-most) number "$1" "${2:-}"; minutes=$2; shift ;;
    --keep-going) keep=yes ;;
    --dry-run) dry=yes ;;
    -*) usage >&2; exit 2 ;;
    *) words+=("$1") ;;
  esac
  shift
done
[ ${#words[@]} -eq 3 ] || { usage >&2; exit 2; }
in=${words[0]} out=${words[1]} prompt=${words[2]}
if [ $((2 * fade)) -gt "$segment" ]; then
  echo "${0##*/}: --fade is at most half of --segment" >&2
  exit 2
fi
properties+=("segment-duration=${segment}000000000" "overlap=${fade}000000000")
if [ -n "$keep" ]; then properties+=(on-failure=source); fi

command -v gst-launch-1.0 >/dev/null || fail "there is no gst-launch-1.0: install gstreamer1.0-tools"
gst-inspect-1.0 --exists --atleast-version=0.1 omniv2vbin \
  || fail "GStreamer does not find omniv2vbin: run this in \`meson devenv -C BUILD\`, or set GST_PLUGIN_PATH"
[ -f "$in" ] || fail "there is no file $in"
[ ! "$in" -ef "$out" ] || fail "IN and OUT are the same file"
[ -d "$(dirname -- "$out")" ] || fail "there is no folder $(dirname -- "$out")"

work=$(mktemp -d)
part=$out.part
running=
clean_up() {
  if [ -n "$running" ] && kill "$running" 2>/dev/null; then wait "$running" 2>/dev/null || true; fi
  rm -rf "$work"
  rm -f "$part"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

gst-discoverer-1.0 --timeout=60 "$in" >"$work/discover.log" 2>&1 || fail "$in cannot be read" "$work/discover.log"
grep -q '^ *video' "$work/discover.log" || fail "$in has no picture" "$work/discover.log"
seconds=$(sed -n 's/^ *Duration: \([0-9:.]*\)$/\1/p' "$work/discover.log" \
  | awk -F: '{ printf "%d", ($1 * 60 + $2) * 60 + $3 + 0.999 }')
seconds=${seconds:-0}
jobs=$(((seconds - fade + segment - fade - 1) / (segment - fade)))
if [ "$jobs" -lt 1 ]; then jobs=1; fi
sound=() with=no
if grep -q '^ *audio' "$work/discover.log"; then
  with=with
  # Through the element: there it waits for its picture. Converted behind it, for the encoder.
  sound=(d. ! queue ! v.audio_sink_0 v.audio_src_0 ! audioconvert ! audioresample ! avenc_aac ! queue ! m.)
fi
printf '%s: %d s, %s sound; about %d jobs\n' "$in" "$seconds" "$with" "$jobs"

# From a file, so that no character of it means anything to the launch line.
if [ "${prompt#@}" = "$prompt" ]; then
  printf '%s' "$prompt" >"$work/prompt.txt"
  prompt=@$work/prompt.txt
fi

# What people want to see of the messages.
show() {
  awk -v jobs="$jobs" '
    function field(name,   text) {
      if (!match($0, ", " name "=\\([a-z0-9]*\\)(\"(\\\\.|[^\"\\\\])*\"|[^,;]*)")) return ""
      text = substr($0, RSTART, RLENGTH)
      sub(/^[^)]*\)/, "", text)
      gsub(/^"|"$/, "", text)
      gsub(/\\/, "", text)
      return text
    }
    /omni\/job/ {
      if (match($0, /segment=\(uint\)[0-9]+/)) number = substr($0, RSTART + 14, RLENGTH - 14)
      state = field("state")
      if (state == "planned" && !shown++) print "request: " field("request")
      if (state == before[number]) next
      before[number] = state
      if (state == "pending") printf "segment %s  sent to the service\n", number
      if (state == "done" || state == "planned") printf "segment %s  %s (%d of about %d)\n", number, state, ++done, jobs
      if (state == "failed") printf "segment %s  failed: %s\n", number, field("message")
      fflush()
    }
    /^WARNING:/ { print; fflush() }'
}

# Errors, unlike warnings, are printed by the thread that has them, and would land in the midst of a
# message: they have a file of their own. That nothing prerolls any more needs no line beside the reason.
show_errors() {
  awk '/^(ERROR|WARNING):/ && !/want to preroll/ { print; fflush() }'
}

end=(x264enc ! h264parse ! queue ! mp4mux name=m ! filesink "location=$part")
if [ -n "$dry" ]; then
  properties+=(dry-run=true)
  end=(fakesink sync=false)
  sound=()
fi

: >"$work/launch.log"
: >"$work/errors.log"
set +e
timeout --foreground -s INT "$((minutes * 60))" gst-launch-1.0 -m \
  filesrc "location=$in" ! decodebin name=d d. ! queue ! deinterlace ! videoconvert \
  ! videoflip video-direction=auto ! video/x-raw,format=I420 ! omniv2vbin name=v "prompt=$prompt" "${properties[@]}" ! "${end[@]}" \
  "${sound[@]}" >"$work/launch.log" 2>"$work/errors.log" &
running=$!
tail -n +1 -F --pid="$running" "$work/launch.log" 2>/dev/null | show &
shown=$!
tail -n +1 -F --pid="$running" "$work/errors.log" 2>/dev/null | show_errors &
shown="$shown $!"
# In the background all of it, for the shell hears of signals while it waits, and only then.
wait "$running"
status=$?
running=
wait $shown
set -e
if [ "$status" -eq 124 ]; then fail "not done after $minutes minutes (--at-most)"; fi
if [ "$status" -ne 0 ]; then
  grep -q '^ERROR:' "$work/errors.log" || fail "gst-launch-1.0 ended with $status" "$work/errors.log"
  fail "stopped by the error above"
fi
if [ -n "$dry" ]; then echo "nothing was sent"; exit 0; fi
[ -s "$part" ] || fail "nothing was written" "$work/errors.log"
mv -- "$part" "$out"
echo "done: $out"
