"""Signatures bind a call to its method, target, time, headers and body, however the body is cut into chunks."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
from hypothesis import given, strategies as st

from services.common.http import signing
from services.common.http.signing import TRAILER_BYTES, SignatureRefused

SECRET = b"s" * 32
TARGET = "/internal/documents/1?a=b"
ABOUT = {"Content-Type": "application/pdf", "Postigo-Owner": "ana", "Postigo-Name": "r.pdf"}


async def stream(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def cut(content: bytes, sizes: Sequence[int]) -> list[bytes]:
    """`content` in chunks of these sizes, and the rest."""
    chunks = []
    for size in sizes:
        chunks.append(content[:size])
        content = content[size:]
    return [*chunks, content]


async def sent(*chunks: bytes) -> tuple[Mapping[str, str], bytes]:
    """The headers and the body of a streamed call, as they are on the wire."""
    headers, body = signing.sign_stream(SECRET, "PUT", TARGET, body=stream(*chunks), about=ABOUT)
    received = {name.lower(): value for name, value in {**ABOUT, **headers}.items()}
    return received, b"".join([chunk async for chunk in body])


async def received(headers: Mapping[str, str], *chunks: bytes) -> tuple[bytes, str]:
    """The content of a streamed call and its digest. Raises `SignatureRefused`."""
    content = signing.verify_stream(SECRET, "PUT", TARGET, headers, stream(*chunks))
    return b"".join([chunk async for chunk in content]), content.sha256


SIZES = st.lists(st.integers(0, 200), max_size=12)
CONTENTS = st.binary(max_size=1000)


@given(content=CONTENTS, sending=SIZES, receiving=SIZES)
async def test_a_streamed_body_arrives_whole_however_it_is_cut(
    content: bytes, sending: list[int], receiving: list[int]
) -> None:
    headers, body = await sent(*cut(content, sending))
    assert len(body) == len(content) + TRAILER_BYTES
    assert await received(headers, *cut(body, receiving)) == (content, hashlib.sha256(content).hexdigest())


@given(content=CONTENTS, other=CONTENTS, receiving=SIZES)
async def test_no_other_content_passes_with_the_same_signature(
    content: bytes, other: bytes, receiving: list[int]
) -> None:
    headers, body = await sent(content)
    if other == content:
        return
    with pytest.raises(SignatureRefused):
        await received(headers, *cut(other + body[-TRAILER_BYTES:], receiving))
    with pytest.raises(SignatureRefused):
        await received(headers, *cut(other, receiving))


@given(content=CONTENTS, at=st.integers(0, 10_000), bit=st.integers(0, 7), receiving=SIZES)
async def test_no_changed_bit_passes(content: bytes, at: int, bit: int, receiving: list[int]) -> None:
    headers, body = await sent(content)
    at %= len(body)
    changed = body[:at] + bytes([body[at] ^ 1 << bit]) + body[at + 1 :]
    with pytest.raises(SignatureRefused):
        await received(headers, *cut(changed, receiving))


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 128, 100_000])
async def test_chunks_of_one_byte_are_held_back_only_as_far_as_needed(size: int) -> None:
    headers, body = await sent(bytes(size))
    content = signing.verify_stream(SECRET, "PUT", TARGET, headers, stream(*(bytes([byte]) for byte in body)))
    seen = 0
    async for chunk in content:
        assert len(chunk) <= TRAILER_BYTES
        seen += len(chunk)
    assert seen == size


CHANGES = {
    "method": (SECRET, "POST", TARGET, {}),
    "target": (SECRET, "PUT", "/internal/documents/1?a=c", {}),
    "secret": (b"t" * 32, "PUT", TARGET, {}),
    "owner": (SECRET, "PUT", TARGET, {"postigo-owner": "rui"}),
    "type": (SECRET, "PUT", TARGET, {"content-type": "image/png"}),
    "name": (SECRET, "PUT", TARGET, {"postigo-name": "other.pdf"}),
    "no time": (SECRET, "PUT", TARGET, {"postigo-time": ""}),
    "a time in other digits": (SECRET, "PUT", TARGET, {"postigo-time": "١٢٣"}),
    "a time too long": (SECRET, "PUT", TARGET, {"postigo-time": "1" * 5000}),
    "a digest instead of the trailer": (SECRET, "PUT", TARGET, {"postigo-digest": hashlib.sha256(b"").hexdigest()}),
    "no digest": (SECRET, "PUT", TARGET, {"postigo-digest": ""}),
    "a signature that is not ASCII": (SECRET, "PUT", TARGET, {"postigo-signature": "é" * 64}),
}


@pytest.mark.parametrize(("secret", "method", "target", "changes"), CHANGES.values(), ids=CHANGES)
async def test_a_stream_with_other_headers_is_refused_before_its_body_is_read(
    secret: bytes, method: str, target: str, changes: dict[str, str]
) -> None:
    headers, _ = await sent(b"content")

    async def unread() -> AsyncIterator[bytes]:
        pytest.fail("the body was read")
        yield b""

    with pytest.raises(SignatureRefused):
        signing.verify_stream(secret, method, target, {**headers, **changes}, unread())


@pytest.mark.parametrize(("secret", "method", "target", "changes"), CHANGES.values(), ids=CHANGES)
def test_a_body_with_other_headers_is_refused(secret: bytes, method: str, target: str, changes: dict[str, str]) -> None:
    signed = signing.sign(SECRET, "PUT", TARGET, body=b"{}", about=ABOUT)
    headers = {name.lower(): value for name, value in {**ABOUT, **signed}.items()}
    signing.verify(SECRET, "PUT", TARGET, headers, b"{}")
    with pytest.raises(SignatureRefused):
        signing.verify(secret, method, target, {**headers, **changes}, b"{}")


@given(body=CONTENTS, other=CONTENTS, status=st.integers(100, 599), other_status=st.integers(100, 599))
def test_a_response_is_bound_to_its_call_status_and_body(
    body: bytes, other: bytes, status: int, other_status: int
) -> None:
    call, another = (signing.sign(SECRET, "GET", f"/internal/{each}") for each in "ab")
    headers = {"postigo-signature": signing.sign_response(SECRET, call["Postigo-Signature"], status, body)}
    signing.verify_response(SECRET, call, status, headers, body)
    wrong = [(another, status, body), (call, other_status, body), (call, status, other)]
    for each in wrong:
        if each != (call, status, body):
            with pytest.raises(SignatureRefused):
                signing.verify_response(SECRET, each[0], each[1], headers, each[2])
    with pytest.raises(SignatureRefused):
        signing.verify_response(SECRET, call, status, {}, body)
