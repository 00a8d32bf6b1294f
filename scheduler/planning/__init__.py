"""The parts of plan.py: calendars, flows, the board of days, search, order and reasons."""
