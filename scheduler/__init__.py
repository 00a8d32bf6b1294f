"""From facts to allowances to one pay date: pure computation, the day is an argument."""
