"""An S3 server, its objects in a folder: `python -m deploy.local.engines.s3 --port P --data DIR`. Key and secret: test."""

import argparse
import os
import sys
from pathlib import Path

# The only account that ministack has.
KEYS = {"S3_ACCESS_KEY": "test", "S3_SECRET_KEY": "test"}


def main() -> None:
    arguments = _arguments()
    os.environ.update(_settings(arguments.port, arguments.data.resolve()))
    sys.argv[1:] = []
    # ministack reads its settings from the environment while it is imported.
    from ministack.app import main as serve

    serve()


def _settings(port: int, data: Path) -> dict[str, str]:
    scratch = data / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    return {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",
        "SERVICES": "s3",
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(data / "objects"),
        "PERSIST_STATE": "1",
        "STATE_DIR": str(data / "state"),
        "TMPDIR": str(scratch),
        "LOG_LEVEL": "WARNING",
        # Otherwise ministack removes containers of the machine's Docker daemon, and listens for SFTP and MQTT.
        "DOCKER_HOST": f"unix://{scratch}/no-docker",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="An S3 server on 127.0.0.1.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds buckets and objects")
    return parser.parse_args()


if __name__ == "__main__":
    main()
