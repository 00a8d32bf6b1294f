"""The node's own database: tables, migrations, and what is read and written."""
