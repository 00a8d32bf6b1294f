"""Facts in two time axes folded to persons, partners, addresses and incomes."""
