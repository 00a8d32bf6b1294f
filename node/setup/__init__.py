"""A node before it runs: home, keys, settings, founding, a network on one machine."""
