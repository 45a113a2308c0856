"""Create accounts at MongoDB and the object store, or set their passwords and rights again.

Other accounts are left alone: an administrator may have made them.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.credentials.providers import StaticProvider
from minio.error import MinioAdminException, MinioException
from minio.minioadmin import MinioAdmin
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import PyMongoError
from urllib3.exceptions import HTTPError

from deploy.grants import GrantsError, ObjectAccount, StoreAccount, policy

TIMEOUT: Final = 10.0
"""Seconds that an engine has to answer."""


def apply_store(url: str, accounts: Sequence[StoreAccount]) -> None:
    """Apply the accounts to MongoDB. `url` names its administrator. Raises GrantsError."""
    with _administration(url) as admin:
        for account in accounts:
            existing = admin.command("usersInfo", account.name).get("users")
            command = "updateUser" if existing else "createUser"
            admin.command(command, account.name, pwd=account.password, roles=list(account.roles))


def remove_from_store(url: str, account: str) -> None:
    """Remove an account from MongoDB. `url` names its administrator. Raises GrantsError."""
    with _administration(url) as admin:
        admin.command("dropUser", account)


def apply_objects(url: str, access_key: str, secret_key: str, region: str, accounts: Sequence[ObjectAccount]) -> None:
    """Create the buckets, and apply the accounts to the object store. The keys are its administrator's. Raises GrantsError."""
    address = urlsplit(url)
    common: dict[str, Any] = {
        "endpoint": address.netloc,
        "secure": address.scheme == "https",
        "region": region,
        "http_client": urllib3.PoolManager(timeout=TIMEOUT, retries=False),
    }
    with _engine_errors("The object store", "S3_URL"):
        client = Minio(access_key=access_key, secret_key=secret_key, **common)
        admin = MinioAdmin(credentials=StaticProvider(access_key, secret_key), **common)
        for account in accounts:
            if not client.bucket_exists(account.bucket):
                client.make_bucket(account.bucket)
            admin.policy_add(account.name, policy=policy(account.bucket))
            admin.user_add(account.name, account.secret_key)
            admin.policy_set(account.name, user=account.name)


@contextmanager
def _administration(url: str) -> Iterator[Database[dict[str, Any]]]:
    milliseconds = round(1000 * TIMEOUT)
    client: MongoClient[dict[str, Any]]
    with (
        _engine_errors("MongoDB", "MONGO_URL"),
        MongoClient(url, serverSelectionTimeoutMS=milliseconds, socketTimeoutMS=milliseconds) as client,
    ):
        yield client.admin


@contextmanager
def _engine_errors(engine: str, variable: str) -> Iterator[None]:
    """Turn the drivers' errors into a GrantsError without their texts, which may contain a password."""
    try:
        yield
    except (PyMongoError, MinioException, MinioAdminException, HTTPError, OSError) as error:
        code = getattr(error, "code", None)
        cause = f"{type(error).__name__}, code {code}" if code else type(error).__name__
        raise GrantsError(
            f"{engine} refused or did not answer ({cause}): check that it runs, and check {variable}."
        ) from None
