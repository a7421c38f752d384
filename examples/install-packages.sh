#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors
#
# Installs the Debian packages that gst-omni needs, and only those that are missing. Names are those
# of Debian 12 and 13.
#
#   install-packages.sh [--log FILE] GROUP...      groups: build, run, test, fuzz,
#                                                  tidy, debian, full
set -eu

usage() {
  cat <<END
usage: $0 [--log FILE] GROUP...
Installs the Debian packages of these groups that are missing:
  build   compiler, Meson and the libraries to build the plugin
  run     GStreamer's tools and the plugins that examples and emulator use
  test    what the tests need besides
  fuzz    what the fuzz targets need besides (a newer clang)
  tidy    clang-tidy, and the clang that goes with it
  debian  what makes a chroot of another Debian release
  full    what the S3 server needs that tests/run.sh --full long installs
--log FILE takes what apt says (default: a temporary file, shown when something fails).
END
}

packages_of() {
  case $1 in
    build)
      echo g++ meson ninja-build pkgconf libglib2.0-dev libgstreamer1.0-dev
      echo libgstreamer-plugins-base1.0-dev libsoup-3.0-dev libjson-glib-dev libsqlite3-dev
      # https: the certificates, and GIO's TLS, which is a plugin that nothing links to
      echo ca-certificates glib-networking
      ;;
    run)
      echo gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-base-apps
      echo gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
      echo gstreamer1.0-libav
      ;;
    test)
      echo check curl openssl nginx procps python3 python3-botocore
      echo python3-gi gir1.2-gstreamer-1.0 gir1.2-gst-plugins-base-1.0
      ;;
    fuzz)
      # libstdc++'s <coroutine> needs a clang that is newer than Debian 12's default
      # shellcheck disable=SC1091
      case $(. /etc/os-release && echo "${VERSION_ID:-}") in
        12) echo clang-16 libclang-rt-16-dev ;;
        *) echo clang libclang-rt-dev ;;
      esac
      ;;
    tidy)
      # shellcheck disable=SC1091
      case $(. /etc/os-release && echo "${VERSION_ID:-}") in
        12) echo clang-16 clang-tidy-16 ;;
        *) echo clang clang-tidy ;;
      esac
      ;;
    debian) echo debootstrap util-linux git ;;
    # They may come from elsewhere than from Debian, whose npm would not go with another nodejs.
    full) command -v npm >/dev/null || echo nodejs npm ;;
    *)
      echo "$0: there is no group \"$1\" (see --help)" >&2
      return 2
      ;;
  esac
}

why() {
  case $1 in
    build) echo "to build the plugin" ;;
    run) echo "to run pipelines, the examples and the emulator" ;;
    test) echo "to run the tests" ;;
    fuzz) echo "to build the fuzz targets" ;;
    tidy) echo "to run clang-tidy" ;;
    debian) echo "to run the tests in another Debian release" ;;
    full) echo "to run the S3 server of the tests" ;;
  esac
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

log=
groups=
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --log) log=$2; shift ;;
    *) groups="$groups $1" ;;
  esac
  shift
done
[ -n "$groups" ] || { usage >&2; exit 2; }

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "packages: this is no Debian, so nothing is checked or installed. What is needed is called there:"
  for group in $groups; do
    echo "  $(why "$group"):"
    packages_of "$group" | sed 's/^/    /'
  done
  exit 0
fi

missing=
for group in $groups; do
  wanted=$(packages_of "$group")
  lacking=
  for package in $wanted; do
    is_installed "$package" || lacking="$lacking $package"
  done
  if [ -n "$lacking" ]; then
    echo "packages missing $(why "$group"):"
    echo "$lacking" | fold -s -w 90 | sed 's/^ */  /'
  fi
  missing="$missing$lacking"
done
if [ -z "$missing" ]; then
  echo "packages: all there (for:$groups)"
  exit 0
fi

as_root=
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "packages: cannot install them: you are not root, and there is no sudo. As root:" >&2
    echo "  apt-get update && apt-get install --no-install-recommends$missing" >&2
    exit 1
  fi
  as_root=sudo
  if [ -n "${CI:-}" ]; then as_root="sudo -n"; fi  # nobody is there to type a password
fi

own_log=
own_policy=
clean_up() {
  if [ -n "$own_log" ]; then rm -f "$own_log"; fi
  if [ -n "$own_policy" ]; then $as_root rm -f "$own_policy"; fi
}
trap clean_up EXIT
if [ -z "$log" ]; then
  own_log=$(mktemp)
  log=$own_log
fi

apt() {
  # env: sudo drops the environment
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@" \
    </dev/null >>"$log" 2>&1
}

fail() {
  echo "packages: $1. The end of what apt said:" >&2
  tail -n 15 "$log" | sed 's/^/  | /' >&2
  exit 1
}

# The tests start an nginx of their own; Debian's package would start one on port 80 as well.
case " $missing " in
  *" nginx "*)
    if [ ! -e /usr/sbin/policy-rc.d ]; then
      own_policy=/usr/sbin/policy-rc.d
      printf '#!/bin/sh\nexit 101\n' | $as_root tee "$own_policy" >/dev/null
      $as_root chmod 755 "$own_policy"
    fi
    keep_nginx_off=yes
    ;;
esac

echo "packages: installing $(echo "$missing" | wc -w) and what they depend on; this takes some minutes"
apt update || fail "the package lists could not be fetched"
# shellcheck disable=SC2086  # a list of words
apt install --no-install-recommends $missing || fail "installing failed"
if [ -n "${keep_nginx_off:-}" ] && command -v systemctl >/dev/null; then
  $as_root systemctl disable nginx >/dev/null 2>&1 || true
fi
echo "packages: installed"
