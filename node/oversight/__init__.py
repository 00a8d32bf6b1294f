"""What an auditor reads of the ledger at one node: read models without HTTP."""
