"""The bench: our speed beside a bare baseline's, in one run. `make bench ARGS=--help`."""
