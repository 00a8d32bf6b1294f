"""Where a log is kept: memory, SQLite, PostgreSQL, behind the promises of ports.py."""
