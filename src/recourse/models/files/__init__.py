"""Models from files, opened without executing anything that the file brings along."""
