"""Headers and bytes in, proofs out. What a payload means is not known here; no other room is."""
