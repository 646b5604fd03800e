"""The plan in another tongue: one file a tongue."""
