"""The sandbox's Azure Resource Manager."""
