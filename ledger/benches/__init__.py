"""Figures of the ledger beside the machine's own limits."""
