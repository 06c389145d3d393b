#!/bin/bash
# The product on the Pi's own architecture, without a Pi: a Debian 12 arm64 tree under qemu-user, the packages of
# requirements/run.lock as they are for aarch64, `doctor`, `classify` and the core tests, the predictions beside those of
# this machine, and the instructions that each stage takes on three processors. Emulated times mean nothing.
# usage: run.sh [DIR]    DIR: where trees and results lie (default: ${XDG_CACHE_HOME:-~/.cache}/dermakiosk)
# Needs root, a network, 1.5 GB, and 10 minutes the first time. DERMAKIOSK_DATA: real images; else the phantom camera's.
# Settings: STEPS (default "doctor classify tests count proof"; "project" makes the counts the committed ones and projects
# from them), IMAGES (how many, default 40), BUNDLE (a folder; default: the one that ships), TESTS (folders or files; default
# "tests/edge_models tests/kiosk"), PROOF (the file that "proof" writes; default benchmarks/reference/arm64-proof.log).
# What was done for the same code, bundle and images is not done again: an interrupted run goes on where it stopped.
set -euo pipefail
folder=$(dirname "$(readlink -f "$0")")
# shellcheck source=tests/box/debian-tree.sh
. "$folder/../../tests/box/debian-tree.sh"
cache=$(mkdir -p "${1:-$cache}" && readlink -f "${1:-$cache}")
results=$cache/arm64
tree=$cache/arm64-bookworm
packages=python3,python3-venv,ca-certificates,qemu-user:amd64
python=$project/.venv/bin/python
arm_python=/opt/kiosk/bin/python
pictures=$results/pictures
steps=${STEPS:-doctor classify tests count proof}
read -ra tests <<<"${TESTS:-tests/edge_models tests/kiosk}"
proof=${PROOF:-$project/benchmarks/reference/arm64-proof.log}
handler=/proc/sys/fs/binfmt_misc/qemu-aarch64 # the name that mmdebstrap looks for

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

build_tree() {
  local mirror
  [ "$(cat "$tree.built" 2>/dev/null)" != "$packages" ] || return 0
  mirror=$(sed -n 's/^URIs: *\([^ ]*\/debian\)\/\? *$/\1/p' /etc/apt/sources.list.d/*.sources | head -1)
  [ -n "$mirror" ] || die "no Debian mirror in /etc/apt: this needs a Debian machine"
  say "building $tree"
  rm -rf "$tree" "$tree.built"
  mmdebstrap --quiet --variant=minbase --architectures=arm64,amd64 --include="$packages" \
    bookworm "$tree" "deb $mirror bookworm main" >&2
  host_settings "$tree"
  echo "$packages" >"$tree.built"
}

# the handler for arm64 programs, and namespaces that end with this script
outside() {
  local qemu
  [ "$(uname -m)" = x86_64 ] || die "this emulates arm64 on x86-64; on a Pi run the product itself"
  [ -x "$python" ] || die "the project's own environment is missing. Run: make setup"
  [ -z "${BUNDLE:-}" ] || [ -f "$BUNDLE/manifest.json" ] || die "$BUNDLE is no bundle: it holds no manifest.json"
  mkdir -p "$results"
  exec 9>"$results/lock"
  flock --nonblock 9 || die "another run.sh is at work in $cache"
  qemu=$(modern_qemu)
  mountpoint -q "${handler%/*}" || mount -t binfmt_misc binfmt_misc "${handler%/*}"
  # where the system has one of its own, ours goes before it: the kernel asks the newest first
  [ ! -e "$handler" ] || handler=${handler%/*}/dermakiosk-aarch64
  # the first bytes of an arm64 program; F opens the emulator now, so that it is there inside the tree too
  [ -e "$handler" ] || printf '%s' ":${handler##*/}:M::\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:$qemu:FC" >"${handler%/*}/register"
  trap 'echo -1 >"$handler"' EXIT
  build_tree
  ARM64_INSIDE=1 QEMU=$qemu unshare --mount --pid --fork --kill-child --propagation private "$0" "$cache"
}

# both machines run the same copy, whatever happens to the working tree meanwhile
here() { (cd "$tree/opt/dermakiosk" && PYTHONDONTWRITEBYTECODE=1 "$python" -m "$@"); }
in_tree() { within "$tree" env --chdir=/opt/dermakiosk CI=true PYTHONDONTWRITEBYTECODE=1 "$@"; }

enter_tree() {
  mount -t proc proc "$tree/proc"
  mount --rbind /sys "$tree/sys"
  mount --rbind /dev "$tree/dev"
  mount -t tmpfs tmpfs "$tree/tmp"
  mkdir -p "$results/tests" "$tree/srv/results" "$tree/opt"
  mount --bind "$results" "$tree/srv/results"
  rm -rf "$tree/opt/dermakiosk"
  copy_project "$tree/opt/dermakiosk"
  if [ -n "${BUNDLE:-}" ]; then
    rm -rf "$tree"/opt/dermakiosk/edge_models/bundles/*/
    cp -r "$(readlink -f "$BUNDLE")" "$tree/opt/dermakiosk/edge_models/bundles/"
  fi
  # what results depend on; documents, training and the screen are no part of it
  code=$(digest pyproject.toml requirements edge_models kiosk tests/conftest.py tests/data tests/edge_models tests/kiosk)
  say "$(in_tree uname -m): installing requirements/run.lock"
  in_tree requirements/venv.sh /opt/kiosk requirements/run.lock >&2
  in_tree $arm_python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation -e .
}

# digest PATH…: of those files of the copy
digest() { (cd "$tree/opt/dermakiosk" && find "$@" -type f -print0 | sort -z | xargs -0 sha256sum) | sha256sum | cut -c-16; }

# done_before LOG KEY: whether LOG is of this code and bundle and ended well
done_before() { [ "$(head -1 "$1" 2>/dev/null)" = "# $2" ] && [ "$(tail -1 "$1")" = "# done" ]; }

# logged LOG KEY COMMAND…: the command's output into LOG and onto the terminal; its exit status into $status
logged() {
  local log=$1 key=$2
  shift 2
  status=0
  ! done_before "$log" "$key" || { say "$(basename "$log" .log): done before"; return; }
  echo "# $key" >"$log"
  # in a shell of its own that any failure ends; `if` or `||` here would switch that off
  set +e
  (set -e; "$@") 2>&1 | tee -a "$log"
  status=${PIPESTATUS[0]}
  set -e
  [ "$status" != 0 ] || echo "# done" >>"$log"
}

doctor() {
  # a tree has no camera and no screen, so doctor may say so; it may not crash
  local found=0
  in_tree /opt/kiosk/bin/dermakiosk doctor || found=$?
  [ $found -le 1 ] || die "FAILED: doctor ended with $found"
}

classify() {
  rm -rf "$pictures"
  here benchmarks.arm64.pictures "$pictures" --count "${IMAGES:-40}"
  say "classifying $(find "$pictures" -type f | wc -l) pictures on both"
  here kiosk classify --no-gate --engine cpu --format json "$pictures" >"$results/x86_64.jsonl"
  in_tree /opt/kiosk/bin/dermakiosk classify --no-gate --engine cpu --format json /srv/results/pictures >"$results/aarch64.jsonl"
  here benchmarks.arm64.agreement "$results"/{x86_64,aarch64}.jsonl --json "$results/agreement.json"
}

# lock_of NAME…: those packages' lines of dev.lock, hashes included
lock_of() { awk -v names=" $* " '/^[a-z]/ { split($1, part, /[=;[]/); wanted = index(names, " " part[1] " ") } wanted' "$project/requirements/dev.lock"; }

# test_file FILE: its tests in a process of their own, so that what passed need not run again; every skip is named
test_file() {
  logged "$results/tests/${1//\//.}.log" "$code" in_tree timeout --kill-after=10 1800 \
    env HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis $arm_python -m pytest -q -p no:cacheprovider \
    -o addopts="-ra --strict-markers --import-mode=importlib" "$1" >/dev/null
  [ "$status" = 0 ] || [ "$status" = 5 ] || return 1 # 5: all of the file was skipped
}

core_tests() {
  local file files running=0 failed=0
  lock_of pytest iniconfig pluggy packaging pygments hypothesis sortedcontainers attrs psutil >"$results/tests.lock"
  in_tree $arm_python -m pip install --quiet --disable-pip-version-check --only-binary=:all: --no-deps --require-hashes -r /srv/results/tests.lock
  mapfile -t files < <(cd "$tree/opt/dermakiosk" && find "${tests[@]}" -name 'test_*.py' | sort)
  for file in "${files[@]}"; do # as many side by side as there are cores: an emulated test keeps one busy
    [ $running -lt "$(nproc)" ] || { wait -n || failed=$((failed + 1)); running=$((running - 1)); }
    say "$file"
    test_file "$file" &
    running=$((running + 1))
  done
  for (( ; running > 0; running--)); do wait -n || failed=$((failed + 1)); done
  # what follows, the proof above all, is still wanted
  [ $failed = 0 ] || failure="$failed files of tests; their output is in $results/tests. The same command runs them alone again"
}

count() {
  local processor name core
  command -v cc >/dev/null || die "cc is missing. Run: sudo apt-get install -y gcc libc6-dev"
  cc -shared -fPIC -O2 -Wall -Wextra -Werror -o "$tree/opt/counter.so" "$folder/counter.c"
  here benchmarks.arm64.pictures "$results/frame.npy"
  [ -s "$results/anchor.tflite" ] || here benchmarks.arm64.anchor "$results/anchor.tflite"
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
      $arm_python benchmarks/arm64/stages.py /srv/results/frame.npy /srv/results/anchor.tflite
    umount "$tree/proc/cpuinfo"
  done
  here benchmarks.arm64.counts "$results"/marks-* --commit "$(commit)" --json "$results/counts.json"
}

# the counts of the bundle that ships become the committed ones
project() {
  [ -z "${BUNDLE:-}" ] || die "only the bundle that ships is projected from here: python -m benchmarks project --counts FILE --out DIR"
  install -m 644 "$results/counts.json" "$project/benchmarks/reference/instructions.json"
  (cd "$project" && "$python" -m benchmarks project)
}

# everything in one file: what ran, on what, and what came out
write_proof() {
  local log at found=0
  at=$(commit) # before the proof itself is changed
  for log in doctor classify; do
    done_before "$results/$log.log" "$code $tools" || die "there is no proof of $log for this code: STEPS=\"$log proof\" $0"
  done
  {
    echo "The kiosk on arm64, emulated: benchmarks/arm64/run.sh. Times in here are the emulator's and mean nothing."
    echo "date    $(date --utc +%Y-%m-%dT%H:%MZ)"
    echo "commit  $at"
    echo "code    $code (SHA-256 of kiosk, edge_models, their tests and locks, cut)"
    echo "tree    $(in_tree uname -m), $(. "$tree/etc/os-release" && echo "$PRETTY_NAME"), $(in_tree $arm_python --version)"
    echo "qemu    $("$QEMU" --version | head -1)"
    for log in doctor classify; do
      printf '\n== %s\n' $log
      grep -v '^# ' "$results/$log.log"
    done
    printf '\n== tests\n'
    here benchmarks.arm64.core_tests "$results/tests" "$code" || found=$?
  } >"$proof"
  cat "$proof"
  [ $found = 0 ] || failure="not every core test passed, see $proof"
}

commit() { git -C "$project" describe --always --dirty=+ --exclude='*' 2>/dev/null || true; }

inside() {
  local step failure=
  trap 'exit 130' INT TERM # the first process of a namespace has no such habit of its own
  enter_tree
  tools="$(digest benchmarks/arm64) ${IMAGES:-40}${DERMAKIOSK_DATA:+ real}"
  for step in $steps; do
    case $step in
      tests) core_tests ;;
      doctor | classify | count)
        logged "$results/$step.log" "$code $tools" "$step"
        [ "$status" = 0 ] || die "FAILED: $step" ;;
      project) project ;;
      proof) write_proof ;;
      *) die "there is no step $step: doctor, classify, tests, count, project, proof" ;;
    esac
  done
  [ -z "$failure" ] || die "FAILED: $failure"
}

# read to its end before anything runs: this file may change meanwhile
main() { if [ -z "${ARM64_INSIDE:-}" ]; then outside; else inside; fi; }
main
exit
