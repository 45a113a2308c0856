"""Logs, metrics and traces, the same in every process. None of them carries personal data."""
