#!/bin/bash
# A newcomer's first hour on a bare Debian with git, make and python3 and nothing else: clone, `make run`, `make test`;
# first as a user who may not install packages, then as root. Needs root, a network, 20 minutes and 6 GB for the time.
# usage: run.sh [SUITE]    default: bookworm. What is cloned is the last commit, not the working tree.
set -euo pipefail
# shellcheck source=tests/box/debian-tree.sh
. "$(dirname "$(readlink -f "$0")")/../box/debian-tree.sh"

suite=${1:-bookworm}
port=18501

# --- outside: a layer over the bare tree, in namespaces that end with this script, whatever it left running
if [ -z "${BARE_LAYER:-}" ]; then
  tree=$(debian_tree "bare-$suite" "$suite" git,make,python3,ca-certificates)
  BARE_LAYER=$(mktemp -d "$cache/bare.XXXXXX")
  export BARE_LAYER BARE_TREE=$tree
  trap 'rm -rf "$BARE_LAYER"' EXIT
  unshare --mount --pid --fork --kill-child --mount-proc --propagation private "$0" "$suite"
  exit
fi

root=$BARE_LAYER/merged
layer "$BARE_TREE" "$BARE_LAYER"
mkdir "$root/srv/origin"
mount --bind -o ro "$project" "$root/srv/origin"
within "$root" useradd --create-home newcomer
within "$root" git config --system --add safe.directory '*'

as_newcomer() { within "$root" setpriv --reuid=newcomer --regid=newcomer --init-groups env HOME=/home/newcomer "$@"; }
as_root() { within "$root" "$@"; }
healthy() { within "$root" python3 -c "import urllib.request as r; r.urlopen('http://127.0.0.1:$port/health', timeout=1)" 2>/dev/null; }

# run_until_healthy WHO: `make run` as WHO until its page is healthy, then Ctrl-C; prints the seconds
run_until_healthy() {
  local began=$EPOCHREALTIME pid
  "$1" make --no-print-directory -C "$clone" run ARGS="--port $port" </dev/null >"$BARE_LAYER/run.log" 2>&1 &
  pid=$!
  until healthy; do
    kill -0 $pid 2>/dev/null || { cat "$BARE_LAYER/run.log" >&2; return 1; }
    [ "${EPOCHREALTIME%.*}" -lt $((${began%.*} + 900)) ] || { cat "$BARE_LAYER/run.log" >&2; die "FAILED: not healthy in 15 minutes"; }
    sleep 0.1
  done
  awk "BEGIN { printf \"%.1f\\n\", $EPOCHREALTIME - $began }"
  kill -INT -- "-$(ps_group $pid)" 2>/dev/null || true
  wait $pid || true
}
ps_group() { cut -d' ' -f5 "/proc/$1/stat"; }
set -m # every background job is a process group of its own, as in a terminal

# --- a user who may not install anything
clone=/home/newcomer/dermakiosk
as_newcomer git clone --quiet /srv/origin "$clone"

if run_until_healthy as_newcomer 2>"$BARE_LAYER/refused" >/dev/null; then
  die "FAILED: python3-venv is not there, and make run did not say so"
fi
line=$(sed -n 's/.*Run: \(sudo apt-get update .*\)/\1/p' "$BARE_LAYER/refused")
[ -n "$line" ] || { cat "$BARE_LAYER/refused" >&2; die "FAILED: make run did not print what to install"; }
! grep -q Traceback "$BARE_LAYER/refused" || die "FAILED: make run ended in a traceback"
say "make run without python3-venv says: $line"
as_root sh -c "${line//sudo /}" >/dev/null 2>&1 || die "FAILED: that line does not work"

say "first make run: healthy after $(run_until_healthy as_newcomer) s, set-up included"
say "second make run: healthy after $(run_until_healthy as_newcomer) s"

failed=
began=$SECONDS
as_newcomer make --no-print-directory -C "$clone" test || failed+=" user"
say "make test without the rights to install took $((SECONDS - began)) s, set-up included"

# --- root: everything that is missing is installed
clone=/srv/dermakiosk
as_root git clone --quiet /srv/origin "$clone"
say "make run as root: healthy after $(run_until_healthy as_root) s, set-up included"
began=$SECONDS
as_root make --no-print-directory -C "$clone" test || failed+=" root"
say "make test as root took $((SECONDS - began)) s, set-up included"
[ -z "$failed" ] || die "FAILED: make test as$failed"
say "PASSED"
