"""Lessons on top of scenarios."""
