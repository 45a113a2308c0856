"""`postigo grants apply`, and `postigo operators`: accounts at the engines of a server."""

import os
import secrets
from collections.abc import Mapping

from deploy import grants
from deploy.grants import GrantsError, ObjectAccount, StoreAccount, operator_account
from deploy.grants_apply import apply_objects, apply_store, remove_from_store
from deploy.operator.operation_log import write_security_line


def apply(environment: Mapping[str, str] = os.environ) -> None:
    """Apply the declared accounts of the services, with the passwords of the environment. Raises GrantsError."""
    declared, prefix = grants.load(), _prefix(environment)
    store = [
        StoreAccount(name, _value(environment, grants.store_password(name)), grants.roles(databases, prefix))
        for name, databases in declared.store.items()
    ]
    objects = [
        ObjectAccount(name, _value(environment, grants.object_secret(name)), bucket)
        for name, bucket in declared.objects.items()
    ]
    apply_store(_value(environment, "MONGO_URL"), store)
    keys = _value(environment, "S3_ACCESS_KEY"), _value(environment, "S3_SECRET_KEY")
    apply_objects(_value(environment, "S3_URL"), *keys, environment.get("S3_REGION", "us-east-1"), objects)
    for user in store:
        print(f"MongoDB: {user.name} may {', '.join(' '.join(role.values()) for role in user.roles)}")
    for key in objects:
        print(f"Object store: {key.name} may use the bucket {key.bucket}")


def add_operator(name: str, environment: Mapping[str, str] = os.environ) -> None:
    """Create the account of an operator, or give it a new password, and print that once. Raises GrantsError."""
    password = secrets.token_urlsafe(32)
    roles = grants.roles(grants.load().operator, _prefix(environment))
    account = StoreAccount(operator_account(name), password, roles)
    apply_store(_value(environment, "MONGO_URL"), [account])
    write_security_line(None, "operator-added", account=account.name)
    print(f"{name} is an operator. Their account at MongoDB, whose password is shown only now:")
    print(f"  {account.name}:{password}")


def remove_operator(name: str, environment: Mapping[str, str] = os.environ) -> None:
    """Raises GrantsError."""
    account = operator_account(name)
    remove_from_store(_value(environment, "MONGO_URL"), account)
    write_security_line(None, "operator-removed", account=account)
    print(f"{name} is no operator any more.")


def _prefix(environment: Mapping[str, str]) -> str:
    return environment.get("MONGO_DATABASE_PREFIX", "postigo")


def _value(environment: Mapping[str, str], variable: str) -> str:
    if value := environment.get(variable):
        return value
    raise GrantsError(f"{variable} is missing: the command's --help says what it is.")
