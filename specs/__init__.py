"""Values, records, formats of data files: what every room may know. Imports nothing of ours."""
