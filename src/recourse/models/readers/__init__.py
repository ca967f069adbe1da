"""Readers of other libraries' estimators, one a file."""
