"""Logs, metrics and traces, the same in every process. None of them contains personal data."""
