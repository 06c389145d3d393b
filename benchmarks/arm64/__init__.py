"""The product on the Pi's own architecture, emulated: `run.sh` drives the parts here."""
