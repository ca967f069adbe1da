"""The command line: parse, call the public API, write. Results go to stdout, everything else to stderr."""
