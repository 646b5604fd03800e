"""The plugins on offer: one data file a plugin, and the code that renders its values."""
