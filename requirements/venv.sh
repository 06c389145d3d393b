#!/bin/bash
# Makes or completes a virtual environment from a lock with hashes; quick when there is nothing to do.
# usage: venv.sh DIR LOCK    (PYTHON: the interpreter, default python3)
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
dir=$1 lock=$2 python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
  echo "Python 3.11 or newer is needed as '$python'. Debian 12, Raspberry Pi OS Bookworm and later have it: sudo apt-get install -y python3" >&2
  exit 1
}
version=$("$python" -c 'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")')

# Debian keeps a part of the venv module in a package of its own
"$python" -c 'import ensurepip' 2>/dev/null || "$here/system.sh" "/usr/lib/python$version/ensurepip:python3-venv"

# picamera2 is bound to the system's libcamera: where apt has installed it, the environment sees it
flags=()
[ ! -e /usr/lib/python3/dist-packages/picamera2 ] || flags=(--system-site-packages)

# an environment half made, or made before the system's Python was upgraded, is of no use
if ! [ -x "$dir/bin/python" ] || ! [ -d "$dir/lib/python$version/site-packages/pip" ]; then
  rm -rf "$dir"
  "$python" -m venv "${flags[@]}" "$dir"
fi

done_with=$dir/$(basename "$lock")
if ! cmp -s "$lock" "$done_with"; then
  echo "Installing the packages of $(basename "$lock") into $dir (once; some minutes on a slow line)" >&2
  # nothing is built here: every package has a wheel for x86-64 and aarch64
  "$dir/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary=:all: --require-hashes -r "$lock"
  cp "$lock" "$done_with"
fi
