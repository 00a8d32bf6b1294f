"""Agency file formats: bytes in, records and problems out. Keeping, signing: the node's work."""
