"""The shell: orders the steps, keeps the stores, serves the pages. Law and ledger are below."""
