"""A server that speaks MongoDB's wire protocol, its data in one file: `python -m deploy.local.engines.mongo --port P --data DIR`.

The Java server runs inside this Python process, so that it can be told its version and be shut down cleanly.
"""

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Any

import jpype

from deploy.local import maven
from deploy.local.engines.java import LIBJVM, LOGGING, SMALL

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}

# The longest time, in milliseconds, that an acknowledged write is in memory only.
COMMIT_DELAY_MS = 5

# What the server says of itself (MongoDB 7.0); its own highest answer is refused by today's drivers.
VERSION = (7, 0, 0)
WIRE_VERSION = 21


def main() -> None:
    arguments = _arguments()
    # Before the JVM: its threads inherit the mask, and only `sigwait` below sees the signal.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    _start_jvm()
    data: Path = arguments.data
    data.mkdir(parents=True, exist_ok=True)
    server, store = _serve(data / "store.mv", arguments.port)
    signal.sigwait(STOP_SIGNALS)
    server.shutdownNow()
    store.close()
    sys.stdout.flush()
    # Everything is on disk; the JVM's own threads need no farewell, and waiting for them can hang.
    os._exit(0)


def _start_jvm() -> None:
    """`-Xrs` leaves the signals to Python."""
    jpype.startJVM(
        str(LIBJVM),
        "-Xrs",
        "-Xmx256m",
        "--enable-native-access=ALL-UNNAMED",
        *SMALL,
        *LOGGING,
        classpath=maven.class_path("mongo").split(os.pathsep),
    )


def _serve(file: Path, port: int) -> tuple[Any, Any]:
    store = jpype.JClass("org.h2.mvstore.MVStore").open(str(file))
    store.setAutoCommitDelay(COMMIT_DELAY_MS)
    backend = jpype.JClass("de.bwaldvogel.mongo.backend.h2.H2Backend")(store).version(_version())
    server = jpype.JClass("de.bwaldvogel.mongo.MongoServer")(backend)
    server.bind("127.0.0.1", port)
    return server, store


def _version() -> Any:
    integers = jpype.JClass("java.util.ArrayList")()
    for number in VERSION:
        integers.add(jpype.JClass("java.lang.Integer")(number))
    answers = {
        "getVersionArray": lambda: integers,
        "toVersionString": lambda: ".".join(map(str, VERSION)),
        "getWireVersion": lambda: WIRE_VERSION,
    }
    return jpype.JProxy("de.bwaldvogel.mongo.MongoVersion", dict=answers)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A MongoDB-compatible server on 127.0.0.1.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the store's file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
