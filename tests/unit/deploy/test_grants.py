"""Each service reaches its own database and bucket alone, and an operator writes nothing."""

from collections.abc import Mapping
from importlib import import_module

import pytest

from deploy import grants
from deploy.cli import grants as command
from deploy.grants import GrantsError
from deploy.local.table import PROCESSES
from deploy.operator.service_stores import STORES

DECLARED = grants.load()

# The gateway and its worker are one service.
SERVICES = {name.removesuffix("-worker") for name in PROCESSES}


def test_every_service_has_one_account_and_no_database_has_two_writers() -> None:
    assert set(DECLARED.store) == SERVICES
    for service, databases in DECLARED.store.items():
        assert databases == {service: "readWrite"}


def test_only_documents_reaches_the_object_store_and_only_its_bucket() -> None:
    settings = import_module("services.documents.settings").Settings
    assert dict(DECLARED.objects) == {"documents": settings.model_fields["s3_bucket"].default}


def test_an_operator_reads_the_stores_of_the_operations_and_writes_none() -> None:
    assert set(DECLARED.operator.values()) == {"read"}
    assert {location.database for location in STORES} <= set(DECLARED.operator)
    assert not {"gateway", "notifications"} & set(DECLARED.operator), "who people are is no operator's business"


@pytest.mark.parametrize("prefix", ["postigo", "postigo_test", "p"])
def test_a_role_is_bound_to_one_database(prefix: str) -> None:
    assert grants.roles({"intake": "readWrite"}, prefix) == ({"role": "readWrite", "db": f"{prefix}_intake"},)


@pytest.mark.parametrize("bucket", ["postigo-documents", "b-1", "another.bucket"])
def test_a_policy_allows_named_calls_on_one_bucket(bucket: str) -> None:
    for statement in grants.policy(bucket)["Statement"]:
        assert statement["Effect"] == "Allow"
        assert all(resource.removesuffix("/*") == f"arn:aws:s3:::{bucket}" for resource in statement["Resource"])
        assert all("*" not in action for action in statement["Action"])


@pytest.mark.parametrize(
    "missing", ["MONGO_GATEWAY_PASSWORD", "MONGO_INTAKE_PASSWORD", "S3_DOCUMENTS_SECRET_KEY", "MONGO_URL"]
)
def test_a_missing_password_stops_the_command_before_it_changes_anything(missing: str) -> None:
    passwords = [grants.store_password(name) for name in DECLARED.store]
    secrets = [grants.object_secret(name) for name in DECLARED.objects]
    given: Mapping[str, str] = dict.fromkeys([*passwords, *secrets, "MONGO_URL"], "x")
    with pytest.raises(GrantsError, match=rf"^{missing} is missing"):
        command.apply({name: value for name, value in given.items() if name != missing})


@pytest.mark.parametrize("name", ["", "Ana", "ana silva", "-ana", "ana@example.org", "a" * 61, "ana\n", "ána"])
def test_a_name_that_is_no_account_name_is_refused(name: str) -> None:
    with pytest.raises(GrantsError, match="The name of an operator"):
        command.add_operator(name, {"MONGO_URL": "mongodb://127.0.0.1:9"})


def test_no_service_has_the_name_of_an_operator() -> None:
    accounts = [*DECLARED.store, *DECLARED.objects]
    assert not [name for name in accounts if name.startswith(grants.OPERATOR_PREFIX)]


def test_passwords_are_in_no_representation() -> None:
    assert "hunter2" not in repr(grants.StoreAccount("intake", "hunter2", ()))
    assert "hunter2" not in repr(grants.ObjectAccount("documents", "hunter2", "b"))
