#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright (C) 2026 the gst-omni authors
#
# Runs tests/run.sh in a chroot of a Debian release: what tests/run.sh --debian VERSION does.
# The chroot is made once, by debootstrap, in build-debian-VERSION/, and used again; so is the build in it.
# It needs root or sudo. Its processes and mounts end with it: they live in namespaces of their own.
set -eu -o pipefail

release=${1:?usage: tests/debian.sh VERSION ARGUMENT...  (arguments of tests/run.sh)}
shift
case $release in
  12) suite=bookworm ;;
  13) suite=trixie ;;
  *)
    echo "$0: there is no Debian \"$release\" here: 12 or 13" >&2
    exit 2
    ;;
esac
cd "$(dirname "$0")/.."
root=$PWD/build-debian-$release/root

if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "$0: a chroot needs root: you are not root, and there is no sudo" >&2
    exit 1
  fi
  exec sudo ${CI:+-n CI="$CI"} "$0" "$release" "$@"
fi

# The mirror that this machine uses, if it is a Debian itself; else debootstrap's own.
mirror() {
  apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 2>/dev/null \
    | grep -v security | head -n 1
}

make_root() {
  if [ -e "$root/.complete" ]; then return; fi
  echo "a chroot of Debian $release ($suite), made once; this takes some minutes"
  rm -rf "$root"
  mkdir -p "$root"
  if ! debootstrap --variant=minbase "$suite" "$root" $(mirror) >"$root.log" 2>&1; then
    tail -n 15 "$root.log" | sed 's/^/  | /'
    echo "debootstrap failed"
    return 1
  fi
  touch "$root/.complete"
}

# What is in git, and what would be: the chroot's own build folders stay.
copy_project() {
  mkdir -p "$root/project"
  find "$root/project" -mindepth 1 -maxdepth 1 ! -name 'build*' -exec rm -rf {} +
  git -c safe.directory="$PWD" ls-files -z --cached --others --exclude-standard \
    | tar --null --files-from=- --ignore-failed-read -cf - 2>/dev/null | tar -xf - -C "$root/project" --no-same-owner
  cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
}

make_root
copy_project
exec unshare --mount --pid --fork --kill-child -- sh -eu -c '
  root=$1
  shift
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  mkdir "$root/dev/pts" "$root/dev/shm"
  for node in null zero full random urandom tty; do
    touch "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
  done
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  mount -t tmpfs tmpfs "$root/dev/shm"
  exec chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TERM="${TERM:-dumb}" \
    ${http_proxy:+http_proxy="$http_proxy"} ${CI:+CI="$CI"} bash /project/tests/run.sh "$@"
' sh "$root" "$@"
