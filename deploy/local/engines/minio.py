"""MinIO, its objects in a folder: `python -m deploy.local.engines.minio --port P --data DIR`. The process becomes the server."""

import argparse
import os
from pathlib import Path

from deploy.local import cache

KEYS = {"S3_ACCESS_KEY": "postigo", "S3_SECRET_KEY": "postigo-on-one-machine"}

SETTINGS = {
    "MINIO_ROOT_USER": KEYS["S3_ACCESS_KEY"],
    "MINIO_ROOT_PASSWORD": KEYS["S3_SECRET_KEY"],
    "MINIO_BROWSER": "off",
    "MINIO_UPDATE": "off",
}


def main() -> None:
    arguments = _arguments()
    data: Path = arguments.data
    data.mkdir(parents=True, exist_ok=True)
    command = [str(cache.piece(cache.MINIO) / cache.MINIO), "server", "--quiet", str(data / "objects")]
    options = ["--address", f"127.0.0.1:{arguments.port}", "--certs-dir", str(data / "certificates")]
    os.execve(command[0], [*command, *options], os.environ | SETTINGS)  # noqa: S606 - a shell would add a process


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="MinIO on 127.0.0.1.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds buckets and objects")
    return parser.parse_args()


if __name__ == "__main__":
    main()
