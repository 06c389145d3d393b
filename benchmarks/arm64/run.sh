#!/bin/bash
# The product on the Pi's own architecture, without a Pi: a Debian 12 arm64 tree under qemu-user, the packages of
# requirements/run.lock as they are for aarch64, `doctor`, `classify` and the core tests, the predictions beside those of
# this machine, and the instructions that each stage takes on three processors. Emulated times mean nothing.
# usage: run.sh [DIR]    DIR: where trees and results lie (default: ${XDG_CACHE_HOME:-~/.cache}/dermakiosk)
# Needs root, a network, 1.5 GB, and 10 minutes the first time. DERMAKIOSK_DATA: real images; else the phantom camera's.
# Settings: IMAGES (how many, default 40), STEPS (default "doctor classify tests count").
set -euo pipefail
folder=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/box/debian-tree.sh
. "$folder/../../tests/box/debian-tree.sh"
cache=$(mkdir -p "${1:-$cache}" && readlink -f "${1:-$cache}")
results=$cache/arm64
tree=$cache/arm64-bookworm
packages=python3,python3-venv,ca-certificates,qemu-user:amd64
python=$project/.venv/bin/python
pictures=$results/pictures
steps=" ${STEPS:-doctor classify tests count} "
handler=/proc/sys/fs/binfmt_misc/dermakiosk-aarch64

[ "$(uname -m)" = x86_64 ] || die "this emulates arm64 on x86-64; on a Pi run the product itself"
[ -x "$python" ] || die "the project's own environment is missing. Run: make setup"

# Debian 12's qemu shows programs this machine's /proc/cpuinfo, on which LiteRT crashes: Debian 13's does not.
modern_qemu() {
  local state=$cache/qemu-trixie mirror
  [ ! -x "$state/usr/bin/qemu-aarch64" ] || { echo "$state/usr/bin/qemu-aarch64"; return; }
  mirror=$(sed -n 's/^URIs: *\([^ ]*\/debian\)\/\? *$/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -1)
  [ -n "$mirror" ] || mirror=$(sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\/debian\)\/\? .*/\2/p' /etc/apt/sources.list | head -1)
  say "fetching Debian 13's qemu-user"
  mkdir -p "$state"/{lists/partial,archives/partial}
  touch "$state/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$state/sources.list"
  local apt=(apt-get -q -o "Dir::Etc::sourcelist=$state/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$state/lists" -o "Dir::State::status=$state/status" -o "Dir::Cache::archives=$state/archives"
    -o APT::Sandbox::User=root)
  "${apt[@]}" update >&2
  (cd "$state" && "${apt[@]}" download qemu-user >&2 && dpkg-deb -x qemu-user_*.deb .)
  rm -rf "$state/lists" "$state/archives"
  echo "$state/usr/bin/qemu-aarch64"
}

# --- outside: the handler for arm64 programs, and namespaces that end with this script
if [ -z "${ARM64_INSIDE:-}" ]; then
  qemu=$(modern_qemu)
  mountpoint -q "${handler%/*}" || mount -t binfmt_misc binfmt_misc "${handler%/*}"
  # the first bytes of an arm64 program; F opens the emulator now, so that it is there inside the tree too
  [ -e "$handler" ] || printf '%s' ":${handler##*/}:M::\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:$qemu:FC" >"${handler%/*}/register"
  trap 'echo -1 >"$handler"' EXIT
  if [ "$(cat "$tree.built" 2>/dev/null)" != "$packages" ]; then
    mirror=$(sed -n 's/^URIs: *\([^ ]*\/debian\)\/\? *$/\1/p' /etc/apt/sources.list.d/*.sources | head -1)
    [ -n "$mirror" ] || die "no Debian mirror in /etc/apt: this needs a Debian machine"
    say "building $tree"
    rm -rf "$tree" "$tree.built"
    mmdebstrap --quiet --variant=minbase --architectures=arm64,amd64 --include="$packages" \
      bookworm "$tree" "deb $mirror bookworm main" >&2
    host_settings "$tree"
    echo "$packages" >"$tree.built"
  fi
  ARM64_INSIDE=1 unshare --mount --pid --fork --kill-child --propagation private "$0" "$cache"
  exit
fi

# --- inside
mount -t proc proc "$tree/proc"
mount --rbind /sys "$tree/sys"
mount --rbind /dev "$tree/dev"
mount -t tmpfs tmpfs "$tree/tmp"
mkdir -p "$results" "$tree/srv/results" "$tree/opt"
mount --bind "$results" "$tree/srv/results"
rm -rf "$tree/opt/dermakiosk"
copy_project "$tree/opt/dermakiosk"
# both machines run the same copy, whatever happens to the working tree meanwhile
here() { (cd "$tree/opt/dermakiosk" && PYTHONDONTWRITEBYTECODE=1 "$python" -m "$@"); }
in_tree() { within "$tree" env --chdir=/opt/dermakiosk CI=true PYTHONDONTWRITEBYTECODE=1 "$@"; }
arm_python=/opt/kiosk/bin/python

say "$(in_tree uname -m): installing requirements/run.lock"
in_tree requirements/venv.sh /opt/kiosk requirements/run.lock >&2
in_tree $arm_python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .

if [[ $steps == *" doctor "* ]]; then
  # a tree has no camera and no screen, so doctor may say so; it may not crash
  status=0
  in_tree /opt/kiosk/bin/dermakiosk doctor || status=$?
  [ $status -le 1 ] || die "FAILED: doctor ended with $status"
fi

if [[ $steps == *" classify "* ]]; then
  rm -rf "$pictures"
  here benchmarks.arm64.pictures "$pictures" --count "${IMAGES:-40}"
  say "classifying $(find "$pictures" -type f | wc -l) pictures on both"
  here kiosk classify --no-gate --engine cpu --format json "$pictures" >"$results/x86_64.jsonl"
  in_tree /opt/kiosk/bin/dermakiosk classify --no-gate --engine cpu --format json /srv/results/pictures >"$results/aarch64.jsonl"
  here benchmarks.arm64.agreement "$results"/{x86_64,aarch64}.jsonl --json "$results/agreement.json"
fi

# lock_of NAME…: those packages' lines of dev.lock, hashes included
lock_of() { awk -v names=" $* " '/^[a-z]/ { split($1, part, /[=;[]/); wanted = index(names, " " part[1] " ") } wanted' "$project/requirements/dev.lock"; }
if [[ $steps == *" tests "* ]]; then
  lock_of pytest iniconfig pluggy packaging pygments hypothesis sortedcontainers attrs psutil >"$results/tests.lock"
  in_tree $arm_python -m pip install --quiet --disable-pip-version-check --only-binary=:all: --no-deps --require-hashes -r /srv/results/tests.lock
  # benchmarks, browser and training are not the core; every skip is named
  in_tree env HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis $arm_python -m pytest -q -p no:cacheprovider \
    -o addopts="-ra --strict-markers --import-mode=importlib" tests/edge_models tests/kiosk
fi

if [[ $steps == *" count "* ]]; then
  command -v cc >/dev/null || die "cc is missing. Run: sudo apt-get install -y gcc libc6-dev"
  cc -shared -fPIC -O2 -Wall -Wextra -Werror -o "$tree/opt/counter.so" "$folder/counter.c"
  here benchmarks.arm64.pictures "$results/frame.npy"
  # the older qemu takes plugins; the file below is what LiteRT reads there instead of this machine's
  for processor in cortex-a53:0xd03 cortex-a72:0xd08 cortex-a76:0xd0b; do
    name=${processor%:*}
    say "counting the instructions of each stage on a $name"
    for core in 0 1 2 3; do
      printf 'processor\t: %s\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: %s\nCPU revision\t: 3\n\n' $core "${processor#*:}"
    done >"$results/cpuinfo"
    mount --bind "$results/cpuinfo" "$tree/proc/cpuinfo"
    # counting is exact for one thread, so NumPy's library gets no others
    in_tree env OPENBLAS_NUM_THREADS=1 /usr/bin/qemu-aarch64 -cpu "$name" -plugin /opt/counter.so,out=/srv/results/marks-"$name" \
      $arm_python benchmarks/arm64/stages.py /srv/results/frame.npy
    umount "$tree/proc/cpuinfo"
  done
  commit=$(git -C "$project" describe --always --dirty=+ --exclude='*' 2>/dev/null || true)
  here benchmarks.arm64.counts "$results"/marks-* --commit "$commit" --json "$results/counts.json"
fi
say "results in $results"
