#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors
#
# Makes a clip to try things with: a car drives through a town, with sound. Drawn frame by frame as
# SVG and encoded with GStreamer, so that it needs no download and no camera.
#
#   make-clip.sh FILE.mp4 [SECONDS]
set -eu -o pipefail

case ${1:-} in
  '' | -h | --help)
    echo "usage: $0 FILE.mp4 [SECONDS]"
    echo "Makes a clip of a car that drives through a town: 1280x720, 30 frames a second, with sound."
    [ $# -gt 0 ] && exit 0 || exit 2
    ;;
esac
out=$1
seconds=${2:-6}
case $seconds in
  *[!0-9]* | '' | 0) echo "$0: SECONDS must be a whole number from 1 on" >&2; exit 2 ;;
esac
rate=30
frames=$((seconds * rate))

# Every frame is one SVG document; rsvgdec tells them apart in the stream. What is nearer passes
# faster. Nothing is random, so that the clip is the same every time.
draw() {
  awk -v frames="$frames" -v rate="$rate" '
    function mod(a, b) { return a - b * int(a / b) }
    # A row of n things, step apart, that scrolls to the left for ever.
    function row_x(i, n, step, speed, t) { return mod(i * step - speed * t + 1000 * n * step, n * step) - step }
    function houses(n, step, speed, t, base, low, high, fill, seed,   i, k, w, h, s, wall) {
      split(fill, wall, " ")
      s = ""
      for (i = 0; i < n; i++) {
        k = mod(i * 7 + seed, 11)
        h = low + (high - low) * k / 10
        w = step * (0.78 + 0.2 * mod(i * 5 + seed, 4) / 3)
        s = s sprintf("<g transform=\"translate(%.1f,%.1f)\"><rect width=\"%.0f\" height=\"%.0f\" fill=\"%s\"/>", \
                      row_x(i, n, step, speed, t), base - h, w, h + 4, wall[mod(i, 4) + 1])
        s = s sprintf("<rect x=\"8\" y=\"10\" width=\"%.0f\" height=\"%.0f\" fill=\"url(#w%d)\"/>", \
                      int((w - 8) / 26) * 26 - 8, int((h - 8) / 38) * 38 - 14, mod(i + seed, 2))
        if (mod(i, 3) == 0) s = s sprintf("<path d=\"M0 0 L%.0f -38 L%.0f 0z\" fill=\"#8d4a3a\"/>", w / 2, w)
        s = s "</g>"
      }
      return s
    }
    function tree(x, y, r) {
      return sprintf("<g transform=\"translate(%.1f,%.1f)\"><rect x=\"-5\" width=\"10\" height=\"70\" y=\"-70\" fill=\"#6b4a33\"/>", x, y) \
        sprintf("<circle cy=\"-95\" r=\"%d\" fill=\"#4f8a3d\"/><circle cx=\"-22\" cy=\"-80\" r=\"%d\" fill=\"#5f9d48\"/><circle cx=\"20\" cy=\"-78\" r=\"%d\" fill=\"#447a35\"/></g>", r, r * 0.7, r * 0.7)
    }
    function lamp(x) {
      return sprintf("<g transform=\"translate(%.1f,560)\"><path d=\"M0 0 V-240 Q0 -262 26 -262 H62\" fill=\"none\" stroke=\"#3c4450\" stroke-width=\"7\"/><ellipse cx=\"66\" cy=\"-258\" rx=\"20\" ry=\"8\" fill=\"#fff3c4\"/></g>", x)
    }
    function wheel(x, turn) {
      return sprintf("<g transform=\"translate(%d,66) rotate(%.1f)\"><circle r=\"34\" fill=\"#22252b\"/><circle r=\"20\" fill=\"#c9d0d8\"/><path d=\"M-20 0H20M0 -20V20M-14 -14L14 14M-14 14L14 -14\" stroke=\"#6d7681\" stroke-width=\"5\"/><circle r=\"6\" fill=\"#3c4450\"/></g>", x, turn)
    }
    function car(x, y, t,   turn) {
      turn = 640 * t / 34 * 57.2958
      return sprintf("<g transform=\"translate(%.1f,%.1f)\"><ellipse cx=\"4\" cy=\"100\" rx=\"205\" ry=\"11\" fill=\"#000\" opacity=\"0.28\"/>", x, y) \
        "<path d=\"M-190 60 Q-196 8 -140 0 L-100 -4 Q-66 -62 -10 -64 H52 Q92 -62 124 -6 L168 6 Q196 14 192 60 Z\" fill=\"url(#paint)\"/>" \
        "<path d=\"M-82 -6 Q-56 -48 -10 -50 H14 V-6Z M26 -50 H50 Q78 -48 102 -6 H26Z\" fill=\"#bfe3f2\"/>" \
        "<path d=\"M-60 -10 L-34 -46 H-18 L-46 -10Z M44 -10 L58 -46 H66 L58 -10Z\" fill=\"#fff\" opacity=\"0.5\"/>" \
        "<path d=\"M-188 40 H192\" stroke=\"#7d1d1d\" stroke-width=\"4\"/><rect x=\"-26\" y=\"8\" width=\"26\" height=\"6\" rx=\"3\" fill=\"#7d1d1d\"/><rect x=\"66\" y=\"8\" width=\"26\" height=\"6\" rx=\"3\" fill=\"#7d1d1d\"/>" \
        "<ellipse cx=\"180\" cy=\"26\" rx=\"10\" ry=\"9\" fill=\"#fff6cf\"/><rect x=\"-192\" y=\"16\" width=\"10\" height=\"18\" rx=\"4\" fill=\"#ff5a4a\"/>" \
        wheel(-108, turn) wheel(116, turn) "</g>"
    }
    function cloud(x, y, k) {
      return sprintf("<g transform=\"translate(%.1f,%d) scale(%.2f)\" fill=\"#dfe6ea\" opacity=\"0.7\"><ellipse rx=\"90\" ry=\"26\"/><circle cx=\"-34\" cy=\"-18\" r=\"34\"/><circle cx=\"22\" cy=\"-26\" r=\"42\"/></g>", x, y, k)
    }
    BEGIN {
      defs = "<defs>" \
        "<linearGradient id=\"sky\" x2=\"0\" y2=\"1\"><stop offset=\"0\" stop-color=\"#24507f\"/><stop offset=\"0.7\" stop-color=\"#6d9dbd\"/><stop offset=\"1\" stop-color=\"#f0b277\"/></linearGradient>" \
        "<linearGradient id=\"road\" x2=\"0\" y2=\"1\"><stop offset=\"0\" stop-color=\"#6a6e75\"/><stop offset=\"1\" stop-color=\"#484b52\"/></linearGradient>" \
        "<linearGradient id=\"paint\" x2=\"0\" y2=\"1\"><stop offset=\"0\" stop-color=\"#f2604e\"/><stop offset=\"1\" stop-color=\"#b32626\"/></linearGradient>" \
        "<radialGradient id=\"sun\"><stop offset=\"0\" stop-color=\"#fff3c0\"/><stop offset=\"0.42\" stop-color=\"#ffd97a\"/><stop offset=\"0.46\" stop-color=\"#ffd97a\" stop-opacity=\"0.25\"/><stop offset=\"1\" stop-color=\"#ffd97a\" stop-opacity=\"0\"/></radialGradient>" \
        "<pattern id=\"w0\" x=\"8\" y=\"10\" width=\"26\" height=\"38\" patternUnits=\"userSpaceOnUse\"><rect width=\"18\" height=\"24\" fill=\"#3d5a73\"/><rect width=\"18\" height=\"10\" fill=\"#7fa9c4\"/></pattern>" \
        "<pattern id=\"w1\" x=\"8\" y=\"10\" width=\"26\" height=\"38\" patternUnits=\"userSpaceOnUse\"><rect width=\"18\" height=\"24\" fill=\"#54412f\"/><rect x=\"2\" y=\"2\" width=\"14\" height=\"20\" fill=\"#e8d8a8\"/></pattern></defs>"
      for (f = 0; f < frames; f++) {
        t = f / rate
        s = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1280\" height=\"720\">" defs
        s = s "<rect width=\"1280\" height=\"540\" fill=\"url(#sky)\"/><circle cx=\"1010\" cy=\"130\" r=\"120\" fill=\"url(#sun)\"/>"
        for (i = 0; i < 5; i++) s = s cloud(row_x(i, 5, 360, 18, t), 90 + 45 * mod(i * 3, 4), 0.7 + 0.2 * mod(i, 3))
        s = s houses(14, 120, 40, t, 520, 120, 330, "#6f859b #7d91a6 #64798f #8797a8", 3)
        s = s houses(10, 200, 130, t, 530, 110, 260, "#b5693c #a44f3d #b98d49 #8d5f5e", 5)
        for (i = 0; i < 8; i++) s = s tree(row_x(i, 8, 230, 220, t), 548, 38 + 6 * mod(i, 3))
        s = s "<rect y=\"530\" width=\"1280\" height=\"34\" fill=\"#c4bcae\"/><rect y=\"560\" width=\"1280\" height=\"160\" fill=\"url(#road)\"/><rect y=\"560\" width=\"1280\" height=\"6\" fill=\"#8f887c\"/>"
        for (i = 0; i < 4; i++) s = s lamp(row_x(i, 4, 480, 480, t))
        for (i = 0; i < 9; i++) s = s sprintf("<path d=\"M%.1f 648 h96 l-8 9 h-96z\" fill=\"#f1ead2\"/>", row_x(i, 9, 200, 640, t))
        s = s car(600 + 110 * sin(t * 0.9), 566 + 2.2 * sin(t * 19), t)
        print s "</svg>"
      }
    }'
}

# A chord over the hum of an engine. The mixer and not the sources decides where the sound ends: each
# source gives a little more than is needed.
blocks=$((frames * 48000 / rate / 1024 + 1))
tone() { echo "audiotestsrc num-buffers=$blocks wave=$1 freq=$2 volume=$3 ! audio/x-raw,rate=48000,channels=1 ! mix."; }

# shellcheck disable=SC2046  # the words of a pipeline
draw | gst-launch-1.0 -q \
  mp4mux name=mux faststart=true ! filesink location="$out" \
  fdsrc fd=0 ! "image/svg+xml,width=1280,height=720,framerate=$rate/1" ! rsvgdec ! videoconvert ! video/x-raw,format=I420 \
  ! x264enc bitrate=5000 speed-preset=veryfast key-int-max=$rate ! h264parse ! queue ! mux. \
  audiomixer name=mix ! audioconvert ! audio/x-raw,channels=2 ! avenc_aac bitrate=128000 ! aacparse ! queue ! mux. \
  $(tone sine 220 0.10) $(tone sine 277.18 0.07) $(tone sine 329.63 0.07) \
  $(tone saw 55 0.05) $(tone pink-noise 440 0.03)
