"""A server that speaks MongoDB's wire protocol, its data in one file: `python -m deploy.local.engines.mongo --port P --data DIR`.

The Java server runs inside this Python process: Python sets its version and shuts it down cleanly.
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

# An acknowledged write is only in memory for at most this time.
COMMIT_DELAY_MS = 5

# The server runs commands on its connections' threads: with few of them (by default two for each core), a short read waits for a
# long write of another connection.
CONNECTION_THREADS = 256

# The version that the server reports (MongoDB 7.0). Current drivers reject the versions that it supports itself.
VERSION = (7, 0, 0)
WIRE_VERSION = 21


def main() -> None:
    arguments = _arguments()
    # Must come before the JVM starts: its threads inherit the mask, so only `sigwait` below gets the signals.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    _start_jvm()
    data: Path = arguments.data
    data.mkdir(parents=True, exist_ok=True)
    server, store = _serve(data / "store.mv", arguments.port)
    signal.sigwait(STOP_SIGNALS)
    server.shutdownNow()
    store.close()
    sys.stdout.flush()
    # All data is on disk. Waiting for the threads of the JVM can hang, so exit without it.
    os._exit(0)


def _start_jvm() -> None:
    """Start the JVM. With `-Xrs` it does not handle signals: Python does."""
    jpype.startJVM(
        str(LIBJVM),
        "-Xrs",
        "-Xmx256m",
        # JPype asks for a full collection, which stops all threads, whenever Python has collected its own garbage.
        "-XX:+DisableExplicitGC",
        f"-Dio.netty.eventLoopThreads={CONNECTION_THREADS}",
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
    methods = {
        "getVersionArray": lambda: integers,
        "toVersionString": lambda: ".".join(map(str, VERSION)),
        "getWireVersion": lambda: WIRE_VERSION,
    }
    return jpype.JProxy("de.bwaldvogel.mongo.MongoVersion", dict=methods)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="A MongoDB-compatible server on 127.0.0.1.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the store's file")
    return parser.parse_args()


if __name__ == "__main__":
    main()
