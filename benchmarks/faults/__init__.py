"""Faults, really induced in a running kiosk with a real browser: when each shows, what is said, when it is over."""
