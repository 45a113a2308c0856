"""Consuming: one consumer group's subscription, its polls, batches and offsets, crash recovery and health."""
