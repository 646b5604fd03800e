"""Completion of the command line: what can be completed (``words``), and a script for each shell that does it."""
