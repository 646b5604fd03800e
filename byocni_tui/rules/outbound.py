"""BYO321–323: how the nodes reach the outside, and whether that can work with the network chosen."""
