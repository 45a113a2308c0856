"""The command lines that the demonstration prints, pasted into a shell against a running gateway."""

import asyncio
import json
import os
import shutil

import pytest

from deploy.demo.data import DemoAccount
from deploy.demo.tryout import curl_lines
from tests.integration.gateway.gateway_environment import PASSWORD, GatewayEnvironment, Person

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


async def paste(*lines: str) -> tuple[str, str]:
    """Standard output and standard error of an interactive shell."""
    shell = await asyncio.create_subprocess_exec(
        "bash",
        *("--norc", "--noprofile", "-i"),
        env={**os.environ, "HISTFILE": "", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    output, errors = await asyncio.wait_for(shell.communicate("\n".join([*lines, ""]).encode()), 60)
    return output.decode(), errors.decode()


def account_of(person: Person, password: str = PASSWORD) -> DemoAccount:
    return DemoAccount(
        key="p", niss=person.niss, password=password, name="P", email="p@example.org", language="pt", kind="person"
    )


async def test_the_printed_lines_sign_in_file_and_read(gateway: GatewayEnvironment, person: Person) -> None:
    output, _ = await paste(*curl_lines(account_of(person), gateway.stack.env["PUBLIC_URL"]))
    reference, _, timeline = output.partition("\n")
    assert reference.startswith("PO-")
    assert json.loads(timeline)["entries"][0]["type"] == "request.submitted"


async def test_a_wrong_password_is_reported_and_sets_no_token(gateway: GatewayEnvironment, person: Person) -> None:
    sign_in, *_ = curl_lines(account_of(person, "another password"), gateway.stack.env["PUBLIC_URL"])
    output, errors = await paste(sign_in, 'echo "[$TOKEN]"')
    assert output == "[]\n"
    assert "401" in errors
    assert "TOKEN: not signed in" in errors
