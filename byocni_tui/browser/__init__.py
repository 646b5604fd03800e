"""The simulated wizard in a browser: textual-serve draws it; who may come in, and for how long, is decided here."""
