"""BYO401–404: what the signed-in identity and the cluster's own may do."""
