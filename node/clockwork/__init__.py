"""The monthly clockwork: what falls due when, one ticker per node, orders."""
