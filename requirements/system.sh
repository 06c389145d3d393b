#!/bin/bash
# Makes sure that programs of the operating system are there.
# usage: system.sh PROGRAM:PACKAGE…    a program on PATH, or an absolute path, and the Debian package that brings it
# Installs what is missing where that needs no question (root, or sudo without a password). Where it may not, it prints
# the one command that does, and exits 1.
set -euo pipefail

missing=()
for need in "$@"; do
  command -v "${need%%:*}" >/dev/null || [ -e "${need%%:*}" ] || missing+=("${need#*:}")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo -n)
if ! command -v apt-get >/dev/null; then
  echo "Missing: ${missing[*]} (names of Debian packages; this machine has no apt). Install their like and try again." >&2
  exit 1
fi
if "${as_root[@]}" true 2>/dev/null; then
  echo "Installing from the system's packages: ${missing[*]}" >&2
  export DEBIAN_FRONTEND=noninteractive
  # another program may be installing just now, as unattended upgrades do after a start
  apt_get=("${as_root[@]}" apt-get -o DPkg::Lock::Timeout=300 -q)
  apt_install=("${apt_get[@]}" install -y --no-install-recommends "${missing[@]}")
  # the package lists of a fresh machine are missing or old: once more after an update
  "${apt_install[@]}" >/dev/null 2>&1 </dev/null && exit 0
  "${apt_get[@]}" update >/dev/null </dev/null || true
  "${apt_install[@]}" >/dev/null </dev/null && exit 0
fi
echo "Missing: ${missing[*]}. Run: sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
exit 1
