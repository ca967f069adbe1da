"""What is chosen from the evidence: limits, prices, greedy and exact choices."""
