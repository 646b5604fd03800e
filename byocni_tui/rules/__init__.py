"""What can be wrong with a plan: pure functions from plan and facts to findings, one file a topic."""
