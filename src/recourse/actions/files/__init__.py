"""Action files: what people can do, written down in TOML or JSON where it can be reviewed and versioned."""
