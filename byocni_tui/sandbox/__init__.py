"""The offline Azure and Kubernetes: a server on loopback that keeps state."""
