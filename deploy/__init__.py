"""Running Postigo: its topics, the embedded stack, the command line, the demo."""
