"""Cameras behind one protocol (`base.Camera`)."""
