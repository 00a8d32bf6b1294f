"""The steps that bring a database to the node's present tables, one file a step."""
