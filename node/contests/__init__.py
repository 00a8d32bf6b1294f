"""«Is this wrong?»: contests of records and amounts, from the household's form to the decision."""
