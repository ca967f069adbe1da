"""The exchangeable parts of a round of a simulation, one file a kind."""
