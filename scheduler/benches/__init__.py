"""Figures of the law and the planner beside the machine's own limits."""
