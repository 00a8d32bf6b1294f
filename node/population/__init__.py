"""A whole population on one machine: columns in a file, derived block by block on all cores."""
