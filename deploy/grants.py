"""The accounts that `grants.yaml` declares: what each may do at MongoDB and at the object store."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

FILE: Final = Path(__file__).with_name("grants.yaml")

OPERATOR_PREFIX: Final = "operator-"
"""The names of operators' accounts begin with it, and no other account's: only an administrator creates accounts."""

_OPERATOR: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z]{3,20}$")]
Role = Literal["read", "readWrite"]
Databases = Annotated[Mapping[Name, Role], Field(min_length=1)]


class GrantsError(Exception):
    """The accounts cannot be created. The text is one sentence for a person."""


class Grants(BaseModel):
    """`store`: by service the roles on its databases; `operator`: those of each operator. `objects`: by service its bucket."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    store: Mapping[Name, Databases]
    operator: Databases
    objects: Mapping[Name, str]


@dataclass(frozen=True, slots=True)
class StoreAccount:
    """A user of MongoDB. `roles` in MongoDB's form."""

    name: str
    password: str = field(repr=False)
    roles: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class ObjectAccount:
    """A user of the object store: `name` is the access key."""

    name: str
    secret_key: str = field(repr=False)
    bucket: str


def load(file: Path = FILE) -> Grants:
    return Grants.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")))


def store_password(account: str) -> str:
    """The variable that has the password of a service at MongoDB."""
    return f"MONGO_{account.upper()}_PASSWORD"


def object_secret(account: str) -> str:
    """The variable that has the secret key of a service at the object store."""
    return f"S3_{account.upper()}_SECRET_KEY"


def operator_account(name: str) -> str:
    """The account of the operator with this name. Raises GrantsError."""
    if not _OPERATOR.fullmatch(name):
        raise GrantsError("The name of an operator has at most 60 small letters, digits, dots, dashes and underscores.")
    return f"{OPERATOR_PREFIX}{name}"


def roles(databases: Mapping[str, Role], prefix: str) -> tuple[Mapping[str, str], ...]:
    """MongoDB's form of these roles. `prefix`: that of all databases."""
    return tuple({"role": role, "db": f"{prefix}_{database}"} for database, role in databases.items())


def policy(bucket: str) -> dict[str, Any]:
    """The S3 policy for one bucket: the calls of the documents service, and nothing else."""
    arn = f"arn:aws:s3:::{bucket}"
    on_bucket = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    on_objects = ["Get", "Put", "Delete"]
    on_parts = ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": on_bucket, "Resource": [arn]},
            {
                "Effect": "Allow",
                "Action": [*(f"s3:{each}Object" for each in on_objects), *on_parts],
                "Resource": [f"{arn}/*"],
            },
        ],
    }
