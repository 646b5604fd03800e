"""One file a screen: lays out widgets, forwards what the user does, shows what comes back."""
