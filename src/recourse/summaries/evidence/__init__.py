"""What is asked of the model, once: predicates, bins, itemsets, tried actions and their effects."""
