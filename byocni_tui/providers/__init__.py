"""The only code that talks to the outside: Azure, Kubernetes and Helm behind protocols."""
