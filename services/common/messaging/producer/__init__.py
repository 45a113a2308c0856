"""Publishing: one idempotent producer, batches, a limit on what is in flight."""
