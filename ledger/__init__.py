"""Headers and bytes in, proofs out. What a payload means is not known here; imports no other room."""
