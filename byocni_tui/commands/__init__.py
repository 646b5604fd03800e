"""One file a command of the command line: its arguments, and one call."""
