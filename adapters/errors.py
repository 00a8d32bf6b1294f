"""What stops an adapter's own work: a manifest or directory that cannot be used.

Bad agency files are no errors: reading them answers with problems (`specs.errors.Problem`).
"""

from __future__ import annotations


class AdapterError(Exception):
    """Root of this room's errors. No text of it ever holds a person's data."""


class ManifestError(AdapterError):
    """A `set.yaml` or data directory that cannot be loaded: which one, why, what now."""
