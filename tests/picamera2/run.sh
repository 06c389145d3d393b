#!/bin/bash
# Runs the picamera2 adapter's whole contract on the real picamera2 and libcamera's virtual camera, on a machine that has
# neither a camera nor the kernel's media support: in a Debian 13 tree of its own (1.2 GB, built once, about 3 minutes).
# usage: run.sh [DIR]    DIR: where the tree lies (default: ${XDG_CACHE_HOME:-~/.cache}/dermakiosk)
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
project=$(readlink -f "$here/../..")
tree=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/dermakiosk}/picamera2-trixie

say() { echo "test-picamera2: $*" >&2; }
[ "$(id -u)" = 0 ] || { say "building and entering the tree needs root. Run: sudo make test-picamera2"; exit 1; }
command -v mmdebstrap >/dev/null || { say "mmdebstrap is missing. Run: sudo apt install mmdebstrap"; exit 1; }

# The tree in a mount namespace of its own: nothing stays mounted when this ends, however it ends.
in_tree() {
  # shellcheck disable=SC2016 # the inner shell expands them
  unshare --mount --propagation private bash -euc '
    tree=$1 project=$2; shift 2
    mount --rbind /proc "$tree/proc"; mount --rbind /sys "$tree/sys"; mount --rbind /dev "$tree/dev"
    mount --bind "$project" "$tree/project"; mount -o remount,bind,ro "$tree/project"
    exec chroot "$tree" env -i HOME=/root PATH=/opt/kiosk/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
      DEBIAN_FRONTEND=noninteractive http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" "$@"
  ' in_tree "$tree" "$project" "$@"
}

build() {
  # this machine's own mirror, proxy and certificates: none is written into the project
  mirror=$(sed -n 's/^URIs: *\([^ ]*\/debian\)\/\? *$/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -1)
  [ -n "$mirror" ] || mirror=$(sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\/debian\)\/\? .*/\2/p' /etc/apt/sources.list 2>/dev/null | head -1)
  [ -n "$mirror" ] || { say "no Debian mirror in /etc/apt: this needs a Debian or Raspberry Pi OS machine"; exit 1; }
  rm -rf "$tree"; mkdir -p "$(dirname "$tree")"
  say "building the Debian 13 tree in $tree"
  mmdebstrap --quiet --variant=minbase \
    --include=python3-venv,python3-dev,gcc,libc6-dev,libcap-dev,ca-certificates,udev \
    trixie "$tree" "deb $mirror trixie main" "deb $mirror trixie-backports main"
  mkdir -p "$tree"/project "$tree"/srv/frames
  cp -L /etc/resolv.conf /etc/hosts "$tree"/etc/
  cp -L /etc/ssl/certs/ca-certificates.crt "$tree"/etc/ssl/certs/
  cp -L /etc/apt/apt.conf.d/* "$tree"/etc/apt/apt.conf.d/
  if [ -e /etc/pip.conf ]; then cp -L /etc/pip.conf "$tree"/etc/; fi
  in_tree apt-get update -qq
  in_tree apt-get install -y -qq --no-install-recommends -t trixie-backports python3-libcamera libcamera-ipa >/dev/null
  in_tree python3 -m venv --system-site-packages /opt/kiosk
  in_tree pip install -q --retries 3 --timeout 180 -r /project/tests/picamera2/requirements.txt
  stamp >"$tree/built"
}

# what the tree was built from: built anew when either changes
stamp() { { declare -f build; cat "$here/requirements.txt"; } | sha256sum; }

[ "$(cat "$tree/built" 2>/dev/null)" = "$(stamp)" ] || build
in_tree gcc -shared -fPIC -O2 -Wall -Werror -o /opt/dmaheap.so /project/tests/picamera2/dmaheap.c -ldl
install -D -m 644 "$here/virtual.yaml" "$tree/usr/share/libcamera/pipeline/virtual/virtual.yaml"
say "running the contract on the real picamera2"
in_tree env LD_PRELOAD=/opt/dmaheap.so LIBCAMERA_LOG_LEVELS='*:ERROR' DERMAKIOSK_VIRTUAL_FRAMES=/srv/frames \
  PYTHONPATH=/project:/project/tests/picamera2:/project/tests/picamera2/stubs PYTHONDONTWRITEBYTECODE=1 HYPOTHESIS_STORAGE_DIRECTORY=/tmp/hypothesis \
  python -m pytest -p no:cacheprovider --rootdir /project -c /dev/null -W error --import-mode=importlib -v --tb=short \
  -k picamera2 /project/tests/kiosk/camera "${@:2}"
