"""The JSON of calc and plan (DESIGN 9.1, 9.2), read and answered."""
