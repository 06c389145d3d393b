"""Power cuts, replayed: what a process did to its files is recorded, cut at any point, and opened again."""
