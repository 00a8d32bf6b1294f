"""Regulation files compiled: expressions, units, programs, traces, columns."""
