"""The parts of verify.py: reading tiles, checking runs of entries, the tree above them."""
