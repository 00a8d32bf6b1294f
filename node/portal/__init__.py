"""The web side: routes, sessions, pages, templates and what they read."""
