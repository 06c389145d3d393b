#!/bin/bash
# Boots a Debian, whose own systemd is PID 1, into the kiosk that install.sh put there, without a network; then stops and
# kills the kiosk and looks whether it heals. No virtual machine: namespaces. Needs root, a network for the
# installation, and 4 minutes.
# usage: boot.sh [SUITE]    default: bookworm
set -euo pipefail
# shellcheck source=tests/box/debian-tree.sh
. "$(dirname "$(readlink -f "$0")")/debian-tree.sh"

suite=${1:-bookworm}
# a plain system; what the kiosk needs beyond it, install.sh brings
packages=systemd,systemd-sysv,udev,dbus,libpam-systemd,iproute2,ca-certificates,python3

# --- outside: a layer over the tree, in namespaces of its own, with this script as its only visitor
if [ -z "${BOOT_LAYER:-}" ]; then
  tree=$(debian_tree "boot-$suite" "$suite" "$packages")
  BOOT_LAYER=$(mktemp -d "$cache/boot.XXXXXX")
  export BOOT_LAYER BOOT_TREE=$tree
  trap 'rm -rf "$BOOT_LAYER"' EXIT
  unshare --mount --propagation private "$0" "$suite"
  exit
fi

root=$BOOT_LAYER/merged
layer "$BOOT_TREE" "$BOOT_LAYER"
copy_project "$root/srv/dermakiosk"

# a box that so far starts into a desktop's login screen, and that only when asked
login=$root/etc/systemd/system/login-screen.service
printf '[Service]\nExecStart=sleep infinity\n[Install]\nAlias=display-manager.service\n' >"$login"
within "$root" systemctl enable login-screen.service
within "$root" systemctl set-default multi-user.target

say "installing"
started=$SECONDS
within "$root" /srv/dermakiosk/systemd/install.sh install
say "installed in $((SECONDS - started)) s"
within "$root" /srv/dermakiosk/systemd/install.sh install >/dev/null || die "a second installation failed"

# there is no camera here, and an installed kiosk never takes simulated pictures of its own accord
sed -i 's/^source = "auto"$/source = "phantom"/' "$root/etc/dermakiosk/kiosk.toml"

# there is no display here: the screen's unit runs on wlroots' headless back-end
mkdir -p "$root/etc/systemd/system/dermakiosk-screen.service.d"
cat >"$root/etc/systemd/system/dermakiosk-screen.service.d/headless.conf" <<'UNIT'
[Service]
Environment=WLR_BACKENDS=headless WLR_LIBINPUT_NO_DEVICES=1 WLR_RENDERER=pixman
UNIT

# --- boot: a container as systemd knows it, with its own (empty) network
umount -R "$root/proc" "$root/sys" "$root/dev"
start_init() {
  exec unshare --fork --kill-child --pid --mount --uts --ipc --net --cgroup --propagation private bash -euc '
    root=$1
    mount -t proc proc "$root/proc"; mount -t sysfs -o ro sysfs "$root/sys"; mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    for place in run tmp dev; do mount -t tmpfs -o mode=755 tmpfs "$root/$place"; done
    chmod 1777 "$root/tmp"
    for node in null zero full random urandom tty; do touch "$root/dev/$node"; mount --bind "/dev/$node" "$root/dev/$node"; done
    mkdir "$root/dev/pts" "$root/dev/shm"; mount -t devpts -o ptmxmode=666 devpts "$root/dev/pts"; ln -s pts/ptmx "$root/dev/ptmx"; mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    ln -s /proc/self/fd "$root/dev/fd"
    # not chroot: in one, the kernel refuses the user namespaces that are the sandbox of Chromium
    cd "$root"; pivot_root . .; umount --lazy .
    exec env -i container=unshare PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --show-status=0
  ' boot "$root"
}
start_init </dev/null >"$BOOT_LAYER/console" 2>&1 &
unshared=$!
trap 'kill -KILL "$unshared" 2>/dev/null || true; wait 2>/dev/null' EXIT
booted_at=$SECONDS

init=
within_time() { # seconds, what is awaited, command…
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -ge $until ]; then
      say "FAILED: $what"
      inside systemctl --no-pager --full status dermakiosk.service dermakiosk-screen.service >&2 || true
      inside journalctl --no-pager -n 60 >&2 || true
      exit 1
    fi
    sleep 0.2
  done
}
inside() { nsenter --target "$init" --mount --uts --ipc --net --pid --cgroup "$@"; }
find_init() { init=$(pgrep -P "$unshared") && inside systemctl show --property=Version; }
ask() { inside systemctl show "${2:-dermakiosk.service}" --property="$1" --value; }
# fails unless the answer is 200; prints it
health() {
  inside python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:8501/health", timeout=2).read().decode())'
}
ready() { [ "$(ask ActiveState)" = active ] && health; }
started_anew() { [ "$(ask MainPID)" != "$was" ] && ready; }
screen_up() { [ "$(ask ActiveState dermakiosk-screen.service)" = active ] && inside ss -Htn state established "dport = :8501" | grep -q .; }

within_time 30 "systemd answers" find_init
say "$(inside systemctl --version | head -1) is up after $((SECONDS - booted_at)) s"
within_time 90 "the kiosk is READY and its page is healthy" ready
say "READY and healthy $((SECONDS - booted_at)) s after boot: $(health)"

within_time 60 "the browser shows a page" screen_up
say "the screen's unit runs cage and Chromium $((SECONDS - booted_at)) s after boot"

# a browser that hangs: nothing but its silence tells; the page lives again by itself
page_asks() { health | python3 -c 'import json, sys; sys.exit(json.load(sys.stdin)["page_s"] > 5)'; }
browser_anew() { [ "$(ask MainPID dermakiosk-screen.service)" != "$was" ] && screen_up && page_asks; }
within_time 60 "the page asks for the kiosk's health" page_asks
was=$(ask MainPID dermakiosk-screen.service)
sleep 95 # so long a browser has to show its first page
began=$SECONDS
inside pkill -STOP -f -- --type=renderer
within_time 120 "the browser is started again after its page hung" browser_anew
say "a hanging page: a new browser shows it again after $((SECONDS - began)) s"

# offline: the same connection goes through outside the units and is cut inside them
probe='import signal, socket, sys
place = ("192.0.2.1", 9000)
socket_ = socket.create_server(place) if sys.argv[1] == "listen" else socket.create_connection(place, timeout=3)
sys.argv[1] == "listen" and signal.pause()'
inside ip address add 192.0.2.1/32 dev lo
inside python3 -c "$probe" listen &
disown
within_time 10 "a connection outside the units" inside python3 -c "$probe" connect
for unit in dermakiosk dermakiosk-screen; do
  group=$(ask ControlGroup $unit.service)
  if inside sh -c 'echo $$ >"/sys/fs/cgroup$1/cgroup.procs" && exec python3 -c "$2" connect' sh "$group" "$probe" 2>/dev/null; then
    die "FAILED: $unit.service reached an address that is not this machine's own loopback"
  fi
  say "$unit.service cannot reach 192.0.2.1, other processes can"
done

# it heals: a stop that only the watchdog sees, and a kill
for signal in STOP KILL; do
  was=$(ask MainPID)
  restarts=$(ask NRestarts)
  began=$SECONDS
  inside kill "-$signal" "$was"
  within_time 90 "healthy again after SIG$signal" started_anew
  [ "$(ask NRestarts)" = $((restarts + 1)) ] || die "FAILED: not restarted by systemd after SIG$signal"
  say "SIG$signal: healthy again after $((SECONDS - began)) s, process $was -> $(ask MainPID)"
done

# the model runs under all of the unit's restrictions: the same sandbox classifies a picture before the kiosk starts
inside /opt/dermakiosk/venv/bin/python -I -c '
import cv2
from kiosk.camera.phantom import PhantomCamera
with PhantomCamera() as camera:
    cv2.imwrite("/srv/lesion.png", camera.capture().rgb[..., ::-1])' 2>/dev/null
inside mkdir -p /run/systemd/system/dermakiosk.service.d
inside sh -c 'cat >/run/systemd/system/dermakiosk.service.d/classify.conf' <<'UNIT'
[Service]
ExecStartPre=/opt/dermakiosk/venv/bin/python -I -m kiosk classify --no-gate --format json /srv/lesion.png
UNIT
inside systemctl daemon-reload
inside systemctl restart dermakiosk.service || die "FAILED: the unit's restrictions break the model"
say "in the unit's sandbox: $(inside journalctl --unit dermakiosk --output cat --grep '"outcome"' | tail -1)"

inside /srv/dermakiosk/systemd/install.sh uninstall --purge >/dev/null
[ "$(inside systemctl get-default)" = multi-user.target ] || die "FAILED: the former default target is not back"
[ "$(inside readlink -f /etc/systemd/system/display-manager.service)" = "${login#"$root"}" ] ||
  die "FAILED: the former login screen is not back"
left=$(inside find / -xdev -path /srv -prune -o -path /proc -prune -o -name '*dermakiosk*' ! -name '*.service.d' -print)
[ -z "$left" ] || die "FAILED: left after uninstall --purge: $left"
say "uninstalled; nothing left. PASSED"
