"""The golden records: one record for each event type, exactly as published. They must be readable for all of v1."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka import ConsumerRecord

from deploy.contracts.schemas import name_of
from services.common.contracts import Event, events_of

FOLDER = Path(__file__).with_name("golden")
APPENDED = 1_772_442_927_418
"""The append time in milliseconds: 2026-03-02T09:15:27.418Z."""


@dataclass(frozen=True)
class Golden:
    topic: str
    key: str
    headers: dict[str, str]
    value: dict[str, Any]

    @property
    def model(self) -> type[Event]:
        return events_of(self.topic)[self.headers["ce_type"]]

    def __str__(self) -> str:
        return name_of(self.model)

    def record(self) -> ConsumerRecord[bytes, bytes]:
        """The record as a consumer gets it."""
        value = json.dumps(self.value).encode()
        return ConsumerRecord(
            topic=self.topic,
            partition=7,
            offset=41,
            timestamp=APPENDED,
            timestamp_type=1,
            key=self.key.encode(),
            value=value,
            checksum=None,
            serialized_key_size=len(self.key),
            serialized_value_size=len(value),
            headers=[(name, text.encode()) for name, text in self.headers.items()],
        )


def golden_records() -> list[Golden]:
    return [Golden(**json.loads(file.read_text(encoding="utf-8"))) for file in sorted(FOLDER.glob("*.json"))]
