"""`python -m gateway.contract [--check]`: write or check docs/contracts/openapi.json, the published HTTP API."""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from gateway.app import build
from gateway.settings import Settings

FILE: Final = Path(__file__).parents[1] / "docs" / "contracts" / "openapi.json"
UNUSED_ADDRESS: Final = "127.0.0.1:1"
"""Generating the description connects to nothing."""


def description() -> str:
    """The OpenAPI description as JSON text, the content of `FILE`."""
    unused = SecretStr("-" * 32)
    settings = Settings(
        kafka_url=UNUSED_ADDRESS,
        mongo_url=f"mongodb://{UNUSED_ADDRESS}",
        documents_url=f"http://{UNUSED_ADDRESS}",
        public_url=f"http://{UNUSED_ADDRESS}",
        postigo_id_secret=unused,
        postigo_cursor_secret=unused,
        postigo_internal_secret=unused,
    )
    return json.dumps(build(settings).public.openapi(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the description of the HTTP API to docs/contracts.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when the file differs")
    if not parser.parse_args().check:
        FILE.write_text(description(), encoding="utf-8")
        return 0
    if not FILE.exists() or FILE.read_text(encoding="utf-8") != description():
        print("docs/contracts/openapi.json differs from the gateway (run 'make contracts').", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
