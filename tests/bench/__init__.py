"""The bench: our speed beside that of plain baselines, in one run. `make bench ARGS=--help`."""
