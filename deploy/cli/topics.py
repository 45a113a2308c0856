"""`postigo topics apply`."""

import asyncio
from pathlib import Path

from rich.console import Console

from deploy import topics
from deploy.topics_apply import apply

# Wider than the longest name.
WIDTH = 48


def run(kafka_url: str, file: Path, replicas: int | None, min_insync: int | None) -> None:
    """Apply the declaration and print one line for each topic. Raises TopicsError."""
    declared = [topic.with_replicas(replicas, min_insync) for topic in topics.load(file)]
    changes = asyncio.run(apply(kafka_url, declared))
    console = Console(highlight=False)
    for topic in declared:
        outcome = "; ".join(change.what for change in changes if change.topic == topic.name) or "as declared"
        console.print(f"{topic.name:<{WIDTH}} {outcome}", soft_wrap=True, markup=False)
    changed = {change.topic for change in changes if change.done}
    console.print(f"{len(declared)} topics, {len(changed)} changed.")
