#!/bin/bash
# Sourced by the tests that need a Debian of their own: builds a tree, and runs commands in a throw-away layer over it.
# Mirror, proxy, certificates and pip's settings are this machine's own, taken at run time; none is written into the project.

# shellcheck disable=SC2034  # used where this is sourced

say() { echo "$(basename "$0"): $*" >&2; }
die() { say "$@"; exit 1; }

[ "$(id -u)" = 0 ] || die "building and entering the tree needs root. Run it with sudo."
command -v mmdebstrap >/dev/null || die "mmdebstrap is missing. Run: sudo apt-get install -y mmdebstrap"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/dermakiosk
project=$(readlink -f "$(dirname "${BASH_SOURCE[0]}")/../..")

# debian_tree NAME SUITE PACKAGE,…: the folder of the tree, built if it is not there or its packages changed
debian_tree() {
  local tree=$cache/$1 suite=$2 packages=$3 mirror
  if [ "$(cat "$tree.built" 2>/dev/null)" != "$suite $packages" ]; then
    mirror=$(sed -n 's/^URIs: *\([^ ]*\/debian\)\/\? *$/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null | head -1)
    [ -n "$mirror" ] || mirror=$(sed -n 's/^deb \(\[[^]]*\] \)\?\([^ ]*\/debian\)\/\? .*/\2/p' /etc/apt/sources.list | head -1)
    [ -n "$mirror" ] || die "no Debian mirror in /etc/apt: this needs a Debian or Raspberry Pi OS machine"
    say "building $tree"
    rm -rf "$tree" "$tree.built"
    mkdir -p "$cache"
    mmdebstrap --quiet --variant=minbase --include="$packages" "$suite" "$tree" "deb $mirror $suite main" >&2
    host_settings "$tree"
    echo "$suite $packages" >"$tree.built"
  fi
  echo "$tree"
}

host_settings() {
  local file
  for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt /etc/pip.conf /etc/apt/apt.conf.d/*; do
    [ ! -e "$file" ] || install -D -m 644 "$file" "$1$file"
  done
}

# layer LOWER DIR: mounts a throw-away layer over the tree LOWER at DIR/merged; in a mount namespace of the caller's
layer() {
  mkdir -p "$2"/{upper,work,merged}
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" "$2/merged"
  mount -t proc proc "$2/merged/proc"
  mount --rbind /sys "$2/merged/sys"
  mount --rbind /dev "$2/merged/dev"
}

# within ROOT COMMAND…: a command in it, with a clean environment but for what the network needs
within() {
  local root=$1 name
  shift
  local settings=()
  for name in http_proxy https_proxy no_proxy PIP_CERT PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_DEFAULT_TIMEOUT; do
    [ -z "${!name:-}" ] || settings+=("$name=${!name}")
  done
  chroot "$root" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "${settings[@]}" "$@"
}

# what git would carry to another machine, uncommitted work included
copy_project() {
  mkdir -p "$1"
  git -C "$project" ls-files --cached --others --exclude-standard -z |
    while IFS= read -r -d '' file; do [ ! -e "$project/$file" ] || printf '%s\0' "$file"; done |
    tar -C "$project" --null --files-from=- -c | tar -C "$1" --no-same-owner -x
}
