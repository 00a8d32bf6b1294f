"""Letters and reports on paper: tagged PDF of the same views as the pages."""
