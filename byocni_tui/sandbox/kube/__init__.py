"""The sandbox's Kubernetes."""
