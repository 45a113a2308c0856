"""Limits of concurrent requests, of one account and of one network: memory bounds bursts, the store counts the hour."""
