"""Benchmarks of the node's shell."""
