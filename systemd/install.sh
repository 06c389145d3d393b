#!/bin/bash
# Makes a Raspberry Pi OS or Debian box boot into the kiosk, and undoes it.
# usage: install.sh install|uninstall [--dry-run] [--purge]
#   --dry-run   print every action, do none
#   --purge     with uninstall: also remove the configuration, the state and the users
#   DESTDIR     install the files under this folder only, touching nothing of the running system (for images and packages)
# May be run again at any time: what is already so stays so; a configuration that is there is kept.
set -euo pipefail
# whatever the caller's is: two users without rights read what is installed here
umask 022

here=$(dirname "$(readlink -f "$0")")
project=$(dirname "$here")
root=${DESTDIR:-}
prefix=$root/opt/dermakiosk
config=$root/etc/dermakiosk/kiosk.toml
units=(dermakiosk.service dermakiosk-screen.service)
# what uninstall gives back: the default target and the login screen that were there before
former=$prefix/former

# source below systemd/, place, mode
files="
dermakiosk.service         /etc/systemd/system/dermakiosk.service         644
dermakiosk-screen.service  /etc/systemd/system/dermakiosk-screen.service  644
60-dermakiosk.rules        /etc/udev/rules.d/60-dermakiosk.rules          644
dermakiosk.sysusers        /etc/sysusers.d/dermakiosk.conf                644
browser.sh                 /opt/dermakiosk/browser                        755
watch-page.py              /opt/dermakiosk/watch-page.py                  644
dermakiosk.sh              /usr/local/bin/dermakiosk                      755
"

usage() { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }

command='' dry_run='' purge=''
for argument in "$@"; do
  case $argument in
    install | uninstall) command=$argument ;;
    --dry-run) dry_run=yes ;;
    --purge) purge=yes ;;
    *) usage ;;
  esac
done
[ -n "$command" ] || usage

act() {
  echo "${dry_run:+would run: }$*"
  [ -n "$dry_run" ] || "$@"
}

# actions on the system itself, which an installation into a folder leaves alone
system() { [ -n "$root" ] || act "$@"; }
booted() { [ -z "$root" ] && [ -d /run/systemd/system ]; }
reload() {
  if booted; then act systemctl daemon-reload; fi
  if booted && [ -e /run/udev/control ]; then # a container has no udev
    act udevadm control --reload
    act udevadm trigger --subsystem-match=usb --subsystem-match=dma_heap --subsystem-match=apex
  fi
}

if [ -z "$root" ] && ! command -v systemctl >/dev/null; then
  echo "This system has no systemd, and so nothing that could start the kiosk. Use Raspberry Pi OS or Debian." >&2
  exit 1
fi
if [ -z "$root" ] && [ -z "$dry_run" ] && [ "$(id -u)" != 0 ]; then
  echo "This changes the system and needs root. Run: sudo make $command" >&2
  exit 1
fi

each_file() { # calls $1 with source, place and mode of every file
  local source place mode
  while read -r source place mode; do
    [ -z "$source" ] || "$1" "$here/$source" "$root$place" "$mode"
  done <<<"$files"
}

put() { cmp -s "$1" "$2" || act install -D -m "$3" "$1" "$2"; }
take() { [ ! -e "$2" ] || act rm "$2"; }

packages() {
  # cage does not start without Xwayland, which nothing here uses
  local needs=(cage:cage seatd:seatd Xwayland:xwayland)
  command -v chromium-browser >/dev/null || needs+=(chromium:chromium)
  # Raspberry Pi OS has picamera2; Debian has not, and needs none
  if apt-cache show python3-picamera2 >/dev/null 2>&1; then
    needs+=(/usr/lib/python3/dist-packages/picamera2:python3-picamera2)
  fi
  system "$project/requirements/system.sh" "${needs[@]}"
}

remember() {
  [ -z "$root" ] && [ ! -e "$former" ] || return 0
  local target manager
  target=$(systemctl get-default)
  manager=$(basename "$(readlink /etc/systemd/system/display-manager.service || true)")
  act sh -c "echo '$target $manager' >'$former'"
}

# what was installed, read by the users that will run it
check() {
  local python=$prefix/venv/bin/python
  system setpriv --reuid=dermakiosk --regid=dermakiosk --clear-groups "$python" -I -c '
from edge_models import bundle
from kiosk import config
loaded = config.load()
bundle.load(loaded.model.bundle or bundle.default_bundle())'
  system setpriv --reuid=dermakiosk-screen --regid=dermakiosk-screen --clear-groups "$python" -I -c '
import os, sys
from kiosk import config
config.load()
open("/opt/dermakiosk/watch-page.py").close()
os.access("/opt/dermakiosk/browser", os.X_OK) or sys.exit("/opt/dermakiosk/browser may not be run")'
}

install_kiosk() {
  packages
  act mkdir -p "$prefix"
  # the system's own Python: the service cannot see one in somebody's home
  act env PYTHON=/usr/bin/python3 "$project/requirements/venv.sh" "$prefix/venv" "$project/requirements/run.lock"
  act "$prefix/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps \
    --no-build-isolation --force-reinstall "$project"
  each_file put
  [ -e "$config" ] || act install -D -m 644 "$here/kiosk.toml" "$config"
  remember
  system systemd-sysusers
  check
  system systemctl set-default graphical.target
  system systemctl enable --force "${units[@]}"
  reload
  if booted; then act systemctl restart dermakiosk.service; fi
  echo "${dry_run:+would be }installed${root:+ under $root}. At the next boot the box starts into the kiosk; 'dermakiosk doctor' tells how it is."
}

uninstall_kiosk() {
  local target='' manager=''
  if [ -e "$former" ]; then read -r target manager <"$former"; fi
  if [ -e "$root/etc/systemd/system/dermakiosk.service" ]; then
    if booted; then act systemctl stop "${units[@]}"; fi
    system systemctl disable "${units[@]}"
  fi
  each_file take
  [ ! -e "$prefix" ] || act rm -r "$prefix"
  [ -z "$target" ] || system systemctl set-default "$target"
  [ -z "$manager" ] || system systemctl enable --force "$manager"
  reload
  if [ -n "$purge" ]; then
    act rm -rf "$(dirname "$config")" "$root"/var/lib/dermakiosk "$root"/var/lib/dermakiosk-screen
    for user in dermakiosk dermakiosk-screen; do
      if getent passwd "$user" >/dev/null; then system userdel "$user"; fi
    done
  elif [ -e "$config" ] || [ -e "$root/var/lib/dermakiosk" ]; then
    echo "kept: $config and $root/var/lib/dermakiosk (uninstall --purge removes them)"
  fi
  echo "${dry_run:+would be }uninstalled"
}

"${command}_kiosk"
