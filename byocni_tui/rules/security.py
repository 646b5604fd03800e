"""BYO311–313: network security groups that stop what a cluster needs."""
