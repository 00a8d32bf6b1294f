"""The steps that bring a database to the ledger's present tables, one file a step."""
