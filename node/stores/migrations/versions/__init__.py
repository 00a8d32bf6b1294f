"""One step a file; the newest revision is what `database_sql` asks for."""
