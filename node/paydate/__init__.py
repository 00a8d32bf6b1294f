"""One pay date in the node: notices, answers of parties, both paths, what happens in a life."""
