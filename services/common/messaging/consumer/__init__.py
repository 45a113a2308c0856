"""One consumer group: subscription, batches, offsets, crash guard, health."""
