"""Between members: tokens, parcels, the sequencer's door, over HTTP."""
