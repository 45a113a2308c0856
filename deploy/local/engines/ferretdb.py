"""FerretDB: MongoDB's protocol in front of PostgreSQL. `python -m deploy.local.engines.ferretdb --port P --postgres-port Q --data DIR`.

The process becomes the server (same pid). It keeps nothing but its own id in the folder.
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
    os.execv(command[0], command)  # noqa: S606 - a shell would stand between


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="FerretDB on 127.0.0.1.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--postgres-port", type=int, required=True, help="where its data is")
    parser.add_argument("--data", type=Path, required=True, help="folder for its state")
    return parser.parse_args()


if __name__ == "__main__":
    main()
