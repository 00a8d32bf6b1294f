"""vastedag demo: a whole network on this machine."""
