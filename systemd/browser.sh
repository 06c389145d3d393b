#!/bin/sh
# The browser of the kiosk's screen: one page, full screen, nothing of its own to say. Started by dermakiosk-screen.service.
profile=$HOME/chromium
# a browser that was cut off leaves a lock and an offer to restore; every start is a first start
rm -rf "$profile"

browser=$(command -v chromium || command -v chromium-browser) || {
  echo "No Chromium. Run: sudo apt-get install chromium" >&2
  exit 1
}

set -- --kiosk --user-data-dir="$profile" --ozone-platform=wayland --touch-events=enabled
# no greetings, bubbles, offers
set -- "$@" --no-first-run --no-default-browser-check --noerrdialogs --disable-session-crashed-bubble --password-store=basic
set -- "$@" --disable-features=Translate,OptimizationHints,MediaRouter --deny-permission-prompts
# no gestures out of the page
set -- "$@" --disable-pinch --overscroll-history-navigation=0
# no look outside: the unit drops such packets, this keeps them from being tried
set -- "$@" --disable-background-networking --disable-component-update --disable-sync --disable-domain-reliability
set -- "$@" --host-resolver-rules="MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

# Raspberry Pi OS's wrapper asks a question on boards of 512 MB, which nobody could answer
if grep -q -e '--no-memcheck' "$(readlink -f "$browser")"; then set -- "$@" --no-memcheck; fi

# the page looks for its server by itself, but only once it was loaded: a first start that fails is waited for
port=$(/opt/dermakiosk/venv/bin/python -I -c '
import socket, time
from kiosk import config
port, waited = config.load().server.port, 0
while socket.socket().connect_ex(("127.0.0.1", port)) and waited < 60:
    time.sleep(1)
    waited += 1
print(port)') || exit 1
# a browser whose page hangs is started again: this feeds the unit's watchdog while the page lives
if [ -n "${WATCHDOG_USEC:-}" ]; then /opt/dermakiosk/venv/bin/python -I /opt/dermakiosk/watch-page.py "$port" & fi
exec "$browser" "$@" "http://127.0.0.1:$port/"
