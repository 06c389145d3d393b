"""Proof of speed."""
