"""The bytes of the log: canonical JSON, envelopes, chain, tree, tiles, notes, proofs. All pure."""
