"""The device: cameras, quality gate, station, screen, command line."""
