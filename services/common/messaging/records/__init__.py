"""Kafka records: reading and writing events, dead letters, redrives."""
