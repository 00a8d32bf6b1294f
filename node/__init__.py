"""The shell: orders the steps, keeps the stores, serves the pages. The law and the ledger are below."""
