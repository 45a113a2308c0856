"""The lines that the demonstration prints for pasting, in a shell and against a gateway that runs."""

import asyncio
import json
import os
import shutil

import pytest

from deploy.demo.data import DemoAccount
from deploy.demo.tryout import curl_lines
from tests.integration.gateway.town import PASSWORD, Person, Town

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


async def pasted(*lines: str) -> tuple[str, str]:
    """What an interactive shell prints, and what it complains."""
    shell = await asyncio.create_subprocess_exec(
        "bash",
        *("--norc", "--noprofile", "-i"),
        env={**os.environ, "HISTFILE": "", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    given, complaint = await asyncio.wait_for(shell.communicate("\n".join([*lines, ""]).encode()), 60)
    return given.decode(), complaint.decode()


def account_of(person: Person, password: str = PASSWORD) -> DemoAccount:
    return DemoAccount(
        key="p", niss=person.niss, password=password, name="P", email="p@example.org", language="pt", kind="person"
    )


async def test_the_lines_sign_in_file_and_read(gateway: Town, person: Person) -> None:
    given, _ = await pasted(*curl_lines(account_of(person), gateway.stack.env["PUBLIC_URL"]))
    reference, _, timeline = given.partition("\n")
    assert reference.startswith("PO-")
    assert json.loads(timeline)["entries"][0]["type"] == "request.submitted"


async def test_a_wrong_password_is_seen_and_nothing_is_taken_for_a_token(gateway: Town, person: Person) -> None:
    sign_in, *_ = curl_lines(account_of(person, "another password"), gateway.stack.env["PUBLIC_URL"])
    given, complaint = await pasted(sign_in, 'echo "[$TOKEN]"')
    assert given == "[]\n"
    assert "401" in complaint
    assert "TOKEN: not signed in" in complaint
