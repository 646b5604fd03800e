"""A terminal wizard and an offline sandbox for AKS clusters that bring their own CNI plugin."""

__version__ = "0.1.0"
