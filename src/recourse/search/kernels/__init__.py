"""The compiled kernels, and which build of them is active."""
