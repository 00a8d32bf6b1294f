"""Who looked: every opening of personal content, logged and shown to whom it concerns (H1)."""
