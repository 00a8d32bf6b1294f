"""Agency file formats: bytes in, records and problems out. Keeping and signing is the node's work."""
