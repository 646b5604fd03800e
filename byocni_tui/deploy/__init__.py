"""How a plan becomes a cluster: steps, runner, journal, verification, clean-up."""
