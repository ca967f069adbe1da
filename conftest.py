"""Examples in docstrings run with the tests; those that need PyTorch are collected only where it is installed."""

from __future__ import annotations

import importlib.util

collect_ignore = [] if importlib.util.find_spec("torch") else ["src/recourse/generators/recipes.py"]
