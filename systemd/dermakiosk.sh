#!/bin/sh
# The kiosk's command line on an installed box, as `dermakiosk`.
exec /opt/dermakiosk/venv/bin/python -I -m kiosk "$@"
