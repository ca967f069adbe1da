"""The exchangeable parts of a round of a simulation."""
