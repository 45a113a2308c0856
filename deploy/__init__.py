"""Run Postigo: topics, the local stack, the command line, the operator's commands, the demonstration, the verification."""
