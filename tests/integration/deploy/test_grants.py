"""The accounts of services and operators at real engines. The embedded engines have none."""

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from minio import Minio
from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException, S3Error
from minio.minioadmin import MinioAdmin

from deploy import grants
from deploy.cli import grants as command
from deploy.grants import GrantsError, ObjectAccount, StoreAccount, roles
from deploy.grants_apply import apply_objects, apply_store, remove_from_store
from deploy.local import LocalStack
from services.common.domain.errors import ObjectStoreUnavailable, StoreUnavailable
from services.common.store import connect, disconnect, translate_store_errors
from services.documents.objects import PART, Bucket
from services.documents.settings import Settings
from tests.support.stacks import with_accounts

pytestmark = with_accounts

REGION = "us-east-1"


def secret() -> str:
    return uuid4().hex


class ObjectStore:
    """The administrator's view of the object store, and a bucket that belongs to others."""

    def __init__(self, env: dict[str, str]) -> None:
        self.url = env["S3_URL"]
        self.keys = env["S3_ACCESS_KEY"], env["S3_SECRET_KEY"]
        self.account = ObjectAccount(f"documents-{uuid4().hex[:8]}", secret(), f"own-{uuid4().hex[:8]}")
        self.others = f"others-{uuid4().hex[:8]}"
        administrator = self.client(*self.keys)
        administrator.make_bucket(self.others)
        administrator.put_object(self.others, "file", io.BytesIO(b"theirs"), 6)

    def apply(self, account: ObjectAccount) -> None:
        apply_objects(self.url, *self.keys, REGION, [account])

    def client(self, access_key: str, secret_key: str) -> Minio:
        return Minio(urlsplit(self.url).netloc, access_key, secret_key, secure=False, region=REGION)

    def bucket(self, account: ObjectAccount) -> Bucket:
        """The bucket as the documents service uses it, with the keys of `account`."""
        values = {
            "kafka_url": "unused",
            "mongo_url": "unused",
            "postigo_internal_secret": "s" * 64,
            "s3_url": self.url,
            "s3_access_key": account.name,
            "s3_secret_key": account.secret_key,
            "s3_bucket": account.bucket,
        }
        return Bucket(Settings.model_validate(values))


@pytest.fixture
def objects(engines: LocalStack) -> ObjectStore:
    return ObjectStore(dict(engines.env))


@pytest.mark.parametrize("size", [1, 2000, PART + 1, 3 * PART])
async def test_the_documents_service_works_with_its_own_key(objects: ObjectStore, size: int) -> None:
    await asyncio.to_thread(objects.apply, objects.account)
    bucket = objects.bucket(objects.account)
    await bucket.ensure()
    writer = bucket.writing("kept", "application/pdf")
    for first in range(0, size, PART):
        await writer.write(bytes(min(PART, size - first)))
    await writer.finish()
    aborted = bucket.writing("aborted", "application/pdf")
    await aborted.write(bytes(size))
    await aborted.abort()
    listed = objects.client(*objects.keys).list_objects(objects.account.bucket)
    assert {item.object_name: item.size for item in listed} == {"kept": size}
    await bucket.remove("kept")
    assert not list(objects.client(*objects.keys).list_objects(objects.account.bucket))
    bucket.close()


FOREIGN: dict[str, Callable[[Minio, str], Any]] = {
    "read": lambda client, bucket: client.get_object(bucket, "file"),
    "stat": lambda client, bucket: client.stat_object(bucket, "file"),
    "list": lambda client, bucket: list(client.list_objects(bucket)),
    "write": lambda client, bucket: client.put_object(bucket, "mine", io.BytesIO(b"x"), 1),
    "remove": lambda client, bucket: client.remove_object(bucket, "file"),
    "remove the bucket": lambda client, bucket: client.remove_bucket(bucket),
    "create a bucket": lambda client, _: client.make_bucket(f"new-{uuid4().hex[:8]}"),
}


@pytest.mark.parametrize("call", FOREIGN.values(), ids=FOREIGN)
def test_the_key_of_the_documents_service_reaches_no_other_bucket(
    objects: ObjectStore, call: Callable[[Minio, str], Any]
) -> None:
    objects.apply(objects.account)
    client = objects.client(objects.account.name, objects.account.secret_key)
    with pytest.raises(S3Error) as refused:
        call(client, objects.others)
    assert refused.value.code == "AccessDenied"


def test_the_key_of_the_documents_service_administrates_nothing(objects: ObjectStore) -> None:
    objects.apply(objects.account)
    credentials = StaticProvider(objects.account.name, objects.account.secret_key)
    admin = MinioAdmin(endpoint=urlsplit(objects.url).netloc, credentials=credentials, region=REGION, secure=False)
    for call in (admin.user_list, admin.policy_list, admin.info):
        with pytest.raises(MinioAdminException):
            call()


async def test_a_new_secret_key_replaces_the_old_one_which_then_means_unavailable(objects: ObjectStore) -> None:
    """Not a failure of ours: a file that cannot be stored for now is not refused for good."""
    old, new = objects.account, ObjectAccount(objects.account.name, secret(), objects.account.bucket)
    for account in (old, new):
        await asyncio.to_thread(objects.apply, account)
    renewed, outdated = objects.bucket(new), objects.bucket(old)
    await renewed.ensure()
    with pytest.raises(ObjectStoreUnavailable):
        await outdated.writing("file", "application/pdf").finish()
    renewed.close()
    outdated.close()


@pytest.fixture
def store(engines: LocalStack) -> Iterator[tuple[str, StoreAccount]]:
    """The administrator's URL, and an account that the test may create."""
    url = engines.env["MONGO_URL"]
    account = StoreAccount(f"intake-{uuid4().hex[:8]}", secret(), roles({"intake": "readWrite"}, "postigo_test"))
    yield url, account
    remove_from_store(url, account.name)


def signed_in(url: str, account: StoreAccount, password: str | None = None) -> str:
    return url.replace("//", f"//{account.name}:{password or account.password}@")


async def test_a_service_signs_in_with_its_own_account(store: tuple[str, StoreAccount]) -> None:
    url, account = store
    await asyncio.to_thread(apply_store, url, [account])
    client = connect(signed_in(url, account))
    status = await client.admin.command("connectionStatus")
    assert [each["user"] for each in status["authInfo"]["authenticatedUsers"]] == [account.name]
    await disconnect(client)


@pytest.mark.parametrize("password", ["wrong", "x" * 64, "MONGO_PASSWORD"])
async def test_a_wrong_password_means_that_the_store_is_unavailable(
    store: tuple[str, StoreAccount], password: str
) -> None:
    """Not a failure of ours: no record may be dead-lettered while a password is being changed."""
    url, account = store
    await asyncio.to_thread(apply_store, url, [account])
    client = connect(signed_in(url, account, password))
    with pytest.raises(StoreUnavailable, match="code 18"), translate_store_errors():
        await client["postigo_test_intake"]["requests"].find_one({})
    await disconnect(client)


@pytest.mark.parametrize("url", ["mongodb://127.0.0.1:9", "mongodb://nobody:nothing@127.0.0.1:9", "no url"])
def test_an_error_names_the_variable_and_no_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.grants_apply.TIMEOUT", 0.1)
    with pytest.raises(GrantsError, match="check MONGO_URL") as error:
        apply_store(url, [StoreAccount("intake", "hunter2", ())])
    assert "hunter2" not in str(error.value)
    assert "nothing" not in str(error.value)


async def test_the_command_creates_every_declared_account(
    engines: LocalStack, capsys: pytest.CaptureFixture[str]
) -> None:
    declared = grants.load()
    passwords = {grants.store_password(name): secret() for name in declared.store}
    keys = {grants.object_secret(name): secret() for name in declared.objects}
    try:
        await asyncio.to_thread(command.apply, {**engines.env, **passwords, **keys})
        printed = capsys.readouterr().out
        for name in declared.store:
            password = passwords[grants.store_password(name)]
            client = connect(signed_in(engines.env["MONGO_URL"], StoreAccount(name, password, ())))
            await client.admin.command("connectionStatus")
            await disconnect(client)
            assert f"MongoDB: {name} may readWrite" in printed
        assert not [value for value in (passwords | keys).values() if value in printed]
    finally:
        for name in declared.store:
            remove_from_store(engines.env["MONGO_URL"], name)


async def test_an_operator_gets_a_password_that_works_and_loses_it(
    engines: LocalStack, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    url, name = engines.env["MONGO_URL"], f"ana-{uuid4().hex[:8]}"
    await asyncio.to_thread(command.add_operator, name, {"MONGO_URL": url})
    printed = capfdbinary.readouterr()
    account, _, password = printed.out.decode().splitlines()[-1].strip().partition(":")
    assert account == f"operator-{name}"
    event = json.loads(printed.err)
    assert (event["event"], event["because"], event["account"]) == ("security", "operator-added", account)
    assert password not in printed.err.decode()
    own = url.replace("//", f"//{account}:{password}@")
    client = connect(own)
    await client.admin.command("connectionStatus")
    await disconnect(client)

    await asyncio.to_thread(command.remove_operator, name, {"MONGO_URL": url})
    client = connect(own)
    with pytest.raises(StoreUnavailable), translate_store_errors():
        await client.admin.command("connectionStatus")
    await disconnect(client)
