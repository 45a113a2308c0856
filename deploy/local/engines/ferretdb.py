"""FerretDB: MongoDB's protocol in front of PostgreSQL. `python -m deploy.local.engines.ferretdb --port P --postgres-port Q --data DIR`.

The process becomes the server (exec, same pid). The folder contains only the server's id.
"""

import argparse
import os
from pathlib import Path

from deploy.local import cache


def main() -> None:
    arguments = _arguments()
    data: Path = arguments.data
    data.mkdir(parents=True, exist_ok=True)
    command = [
        str(cache.piece(cache.FERRETDB) / cache.FERRETDB),
        f"-listen=127.0.0.1:{arguments.port}",
        f"-postgresql-url=postgres://postgres@127.0.0.1:{arguments.postgres_port}/postgres",
        f"-state={data}",
    ]
    os.execv(command[0], command)  # noqa: S606 - a shell would add a process


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="FerretDB on 127.0.0.1.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--postgres-port", type=int, required=True, help="port of the PostgreSQL that stores the data")
    parser.add_argument("--data", type=Path, required=True, help="folder for its state")
    return parser.parse_args()


if __name__ == "__main__":
    main()
