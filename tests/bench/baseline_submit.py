"""Baseline S: FastAPI, a pydantic body, and one aiokafka send with `acks=all`. Nothing else."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import uvicorn
from aiokafka import AIOKafkaProducer
from fastapi import FastAPI
from pydantic import BaseModel

TOPIC = "bench.submits.v1"


class Submit(BaseModel):
    subject: str
    reason: str
    description: str


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    producer = AIOKafkaProducer(bootstrap_servers=os.environ["KAFKA_URL"], acks="all")
    await producer.start()
    app.state.producer = producer
    yield
    await producer.stop()


app = FastAPI(lifespan=lifespan)


@app.post("/v1/requests", status_code=201)
async def submit(body: Submit) -> dict[str, str]:
    key = str(uuid4())
    await app.state.producer.send_and_wait(TOPIC, key=key.encode(), value=body.model_dump_json().encode())
    return {"id": key}


@app.get("/health/ready")
async def ready() -> dict[str, bool]:
    return {"ready": True}


if __name__ == "__main__":
    port = int(os.environ["HTTP_PORT"])
    uvicorn.run(app, port=port, loop="uvloop", http="httptools", access_log=False, log_level="warning")
