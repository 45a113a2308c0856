"""Apache Kafka, one node in KRaft mode: `python -m deploy.local.engines.kafka --port P --controller-port Q --data DIR`.

The process becomes the broker (exec, same pid). The folder is formatted at the first start.
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from deploy.local import maven
from deploy.local.engines.java import JAVA, LOGGING, SMALL

# Homes never share data, so all of them can use the same id.
CLUSTER_ID = "UG9zdGlnby1sb2NhbC0wMA"

# The broker unpacks a batch before it can refuse it: 150 MiB in one record take 640 MiB of heap.
HEAP = "-Xmx768m"

PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
inter.broker.listener.name=PLAINTEXT
log.dirs={log_dirs}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# 35 days, as long as an inbox keeps ids. The default is 7 days: then an empty group loses its offsets.
offsets.retention.minutes=50400
# The longest time that an open transaction can delay the readers of later records.
transaction.max.timeout.ms=60000
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
# After a SIGKILL the broker is back in 4 s instead of 12 s: its old registration is fenced sooner.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
"""


def main() -> None:
    arguments = _arguments()
    classes = maven.class_path("kafka")
    data: Path = arguments.data
    if not data.exists():
        _format(data, arguments.port, arguments.controller_port, classes)
    properties = data.with_suffix(".properties")
    _write(properties, data, arguments.port, arguments.controller_port)
    command = _java(classes, HEAP, "kafka.Kafka", str(properties))
    os.execv(command[0], command)  # noqa: S606 - a shell would add a process


def _format(data: Path, port: int, controller_port: int, classes: str) -> None:
    """Format a partial folder and rename it: a folder with the final name is always formatted."""
    partial = data.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    properties = partial.with_suffix(".properties")
    _write(properties, partial, port, controller_port)
    options = ("format", "--standalone", "-t", CLUSTER_ID, "-c", str(properties))
    formatted = subprocess.run(_java(classes, "-Xmx128m", "kafka.tools.StorageTool", *options), check=False)
    if formatted.returncode:
        sys.exit(f"The folder {data} could not be formatted for Kafka.")
    properties.unlink()
    partial.rename(data)


def _write(file: Path, log_dirs: Path, port: int, controller_port: int) -> None:
    text = PROPERTIES.format(port=port, controller_port=controller_port, log_dirs=log_dirs.resolve())
    file.write_text(text, encoding="utf-8")


def _java(classes: str, heap: str, *command: str) -> list[str]:
    return [str(JAVA), heap, *SMALL, *LOGGING, "-cp", classes, *command]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Apache Kafka on 127.0.0.1, one node.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--controller-port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder, made and formatted at the first start")
    return parser.parse_args()


if __name__ == "__main__":
    main()
