#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors
#
# The floor: the body is ready in a file, curl only carries it. What is left is the network, the
# service, and the pause before the poll.
#
# curl-client.sh BASE-URL BODY OUT POLL-INTERVAL. Prints the time of the transfers and pauses in ms.
set -eu

url=$1 body=$2 out=$3 interval=$4
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"${reply%%$'\n'*}"; }
spent=0
ask() {
  reply=$(curl -sS -f -H "Authorization: Bearer $OMNI_API_KEY" -w '\n%{time_total}' "$@")
  spent="$spent + ${reply##*$'\n'}"
}

# Without the Expect header, whose answer curl would wait for.
ask -H 'Expect:' -H 'Content-Type: application/json' --data-binary "@$body" "$url/v1/videos"
id=$(field id)
while [ "$(field status)" != completed ]; do
  sleep "$interval"
  spent="$spent + $interval"
  ask "$url/v1/videos/$id"
done
link=$(field video_url)
case $link in /*) link=$url$link ;; esac
ask -o "$out" "$link"
awk "BEGIN { print 1000 * ($spent) }"
