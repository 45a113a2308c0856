"""Docker Compose gives each process its settings, runs the right modules, and contains no secret."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic_settings import BaseSettings

from deploy.grants import load, object_secret, store_password
from deploy.local import cache
from deploy.local.table import PROCESSES
from deploy.operator.target import NAMED
from tests.contract.containers import ROOT, compose, declared_variables, filled_in, required_variables, stages

COMPOSE = compose()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
STAGES = stages()
IMAGES = {
    "proxy": "nginx:",
    "kafka": "apache/kafka:4.1.2",
    "mongo": "mongo:8",
    "s3": "minio/minio:",
    "mail": "axllent/mailpit:",
}
CATALOGUE = "/etc/postigo/catalogue"
SECRET = "0123456789abcdef" * 4

every_process = pytest.mark.parametrize("name", PROCESSES)


@pytest.fixture(scope="module")
def env_example() -> dict[str, str]:
    return declared_variables((ROOT / ".env.example").read_text(encoding="utf-8"))


def settings_of(name: str) -> type[BaseSettings]:
    settings: type[BaseSettings] = import_module(f"{PROCESSES[name].removesuffix('.worker')}.settings").Settings
    return settings


def environment_of(name: str, env_example: dict[str, str]) -> dict[str, str]:
    """The environment of the process when `.env` is filled in."""
    given = dict.fromkeys(env_example, SECRET)
    return {key: filled_in(value, given) for key, value in SERVICES[name]["environment"].items()}


@every_process
def test_a_process_runs_its_own_module(name: str) -> None:
    assert SERVICES[name]["build"]["target"] == name
    assert STAGES[name].base == "base"
    assert STAGES[name].command == ["python", "-m", PROCESSES[name]]
    assert "command" not in SERVICES[name]
    assert "entrypoint" not in SERVICES[name]


@every_process
def test_a_process_gets_every_required_setting_and_no_unknown_one(
    name: str, env_example: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = environment_of(name, env_example)
    assert set(environment) <= {field.upper() for field in settings_of(name).model_fields}
    for variable in os.environ:
        monkeypatch.delenv(variable)
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    settings_of(name)()


@every_process
def test_the_health_check_of_a_process_uses_its_readiness_probe(name: str) -> None:
    probe = " ".join(SERVICES[name]["healthcheck"]["test"])
    assert "/health/ready" in probe
    assert "INTERNAL_PORT=8001" in STAGES["base"].text
    assert "8001" in probe


@every_process
def test_a_process_waits_for_its_engines_and_the_topics(name: str) -> None:
    needs = {each: how["condition"] for each, how in SERVICES[name]["depends_on"].items()}
    assert (
        needs.items()
        >= {
            "kafka": "service_healthy",
            "mongo": "service_healthy",
            "topics": "service_completed_successfully",
            "grants": "service_completed_successfully",
        }.items()
    )
    assert all(how != "service_healthy" or "healthcheck" in SERVICES[each] for each, how in needs.items())


@pytest.mark.parametrize("name", [*PROCESSES, "topics", "grants", "postigo"])
def test_our_containers_run_without_privileges(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "USER 10001:10001" in STAGES[STAGES[service["build"]["target"]].base].text


def test_the_topics_are_applied_once_by_the_command_line() -> None:
    tools = STAGES[SERVICES["topics"]["build"]["target"]]
    assert 'ENTRYPOINT ["python", "-m", "deploy.cli"]' in tools.text
    assert SERVICES["topics"]["command"][:2] == ["topics", "apply"]
    assert SERVICES["topics"]["environment"] == {"KAFKA_URL": "kafka:9092", "CATALOGUE_FOLDER": CATALOGUE}


def test_the_command_line_runs_only_on_request_and_gets_the_addresses_of_the_engines() -> None:
    service = SERVICES["postigo"]
    assert service["profiles"] == ["by-hand"]
    assert 'ENTRYPOINT ["python", "-m", "deploy.cli"]' in STAGES[service["build"]["target"]].text
    assert set(service["environment"]) == {*NAMED, "GATEWAY_URL", "INTAKE_URL", "CATALOGUE_FOLDER"}


@pytest.mark.parametrize(("name", "image"), IMAGES.items())
def test_the_images_of_the_engines_are_official_and_can_be_overridden(name: str, image: str) -> None:
    assert filled_in(SERVICES[name]["image"], {}).startswith(image)
    assert SERVICES[name]["image"].startswith("${")
    assert "healthcheck" in SERVICES[name]


def test_no_secret_has_a_value_or_a_default(env_example: dict[str, str]) -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    assert required_variables(text) == set(env_example)
    assert set(env_example.values()) == {""}
    secrets = {
        f"{name}.{key}": value
        for name, service in SERVICES.items()
        for key, value in service.get("environment", {}).items()
        if key.endswith(("SECRET", "PASSWORD", "SECRET_KEY"))
    }
    assert len(secrets) >= 10
    # The mail catcher has no accounts.
    assert secrets.pop("notifications.SMTP_PASSWORD") == "${SMTP_PASSWORD:-}"
    assert [key for key, value in secrets.items() if not value.startswith("${") or ":?" not in value] == []


SHARED = {"POSTIGO_INTERNAL_SECRET"}

OWN_SECRETS = {
    "documents": {*SHARED, "MONGO_DOCUMENTS_PASSWORD", "S3_DOCUMENTS_SECRET_KEY"},
    "intake": {*SHARED, "MONGO_INTAKE_PASSWORD"},
    "routing": {*SHARED, "MONGO_ROUTING_PASSWORD"},
    "notifications": {*SHARED, "MONGO_NOTIFICATIONS_PASSWORD"},
    "gateway": {*SHARED, "MONGO_GATEWAY_PASSWORD", "POSTIGO_ID_SECRET", "POSTIGO_CURSOR_SECRET"},
    "gateway-worker": {*SHARED, "MONGO_GATEWAY_PASSWORD", "POSTIGO_ID_SECRET", "POSTIGO_CURSOR_SECRET"},
    "postigo": SHARED,
    "mongo": {"MONGO_PASSWORD"},
    "s3": {"S3_SECRET_KEY"},
    "grants": {
        *("MONGO_PASSWORD", "S3_SECRET_KEY", "S3_DOCUMENTS_SECRET_KEY"),
        *(store_password(name) for name in load().store),
    },
}


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_gets_only_its_own_secrets(name: str, env_example: dict[str, str]) -> None:
    secrets = {variable: f"the-value-of-{variable}." for variable in env_example if variable != "TLS_FOLDER"}
    given = {**secrets, "TLS_FOLDER": "/tls"}
    text = " ".join(filled_in(value, given) for value in SERVICES[name].get("environment", {}).values())
    assert {variable for variable, value in secrets.items() if value in text} == OWN_SECRETS.get(name, set())


@every_process
def test_a_process_signs_in_with_the_account_of_its_own_service(name: str, env_example: dict[str, str]) -> None:
    url = urlsplit(environment_of(name, env_example)["MONGO_URL"])
    service = name.removesuffix("-worker")
    assert url.username == service
    assert load().store[service] == {service: "readWrite"}


def test_only_documents_reaches_the_object_store_with_a_key_of_its_own(env_example: dict[str, str]) -> None:
    users = {name for name, service in SERVICES.items() if "S3_URL" in service.get("environment", {})}
    assert users == {"documents", "grants"}
    administrator = SERVICES["s3"]["environment"]["MINIO_ROOT_USER"]
    assert environment_of("documents", env_example)["S3_ACCESS_KEY"] == "documents" != administrator
    assert SERVICES["grants"]["environment"]["S3_ACCESS_KEY"] == administrator


def test_the_grants_are_applied_by_the_command_line_with_every_password() -> None:
    service = SERVICES["grants"]
    assert service["command"] == ["grants", "apply"]
    passwords = {store_password(name) for name in load().store} | {object_secret(name) for name in load().objects}
    assert set(service["environment"]) == passwords | {"MONGO_URL", "S3_URL", "S3_ACCESS_KEY", "S3_SECRET_KEY"}
    needs = {each: how["condition"] for each, how in service["depends_on"].items()}
    assert needs == {"mongo": "service_healthy", "s3": "service_healthy"}


def test_an_operator_signs_in_with_an_account_of_their_own() -> None:
    url = SERVICES["postigo"]["environment"]["MONGO_URL"]
    assert urlsplit(filled_in(url, {"OPERATOR": "operator-ana:secret"})).username == "operator-ana"
    assert urlsplit(filled_in(url, {})).username == "nobody"


def test_the_command_in_the_example_fills_in_every_secret_with_its_own_value(tmp_path: Path) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    (command,) = re.findall(r"^#   (awk .*) > \.env$", text, re.MULTILINE)
    (tmp_path / ".env.example").write_text(text, encoding="utf-8")
    filled = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    values = declared_variables(filled)
    assert values.pop("TLS_FOLDER") == ""
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in values.values()), values
    assert len(set(values.values())) == len(values) >= 10
    assert filled.count("\n") == text.count("\n")


def test_only_the_proxy_is_published_beyond_loopback() -> None:
    published = {name for name, service in SERVICES.items() if service.get("ports")}
    assert published == {"proxy", "mail"}
    assert all(filled_in(port, {}).startswith("127.0.0.1:") for port in SERVICES["mail"]["ports"])


def test_the_proxy_reaches_only_the_public_listener_of_the_gateway() -> None:
    proxy = SERVICES["proxy"]
    assert proxy["environment"]["UPSTREAM"] == "gateway:8000"
    assert "HTTP_PORT=8000" in STAGES["base"].text
    assert {name for name, service in SERVICES.items() if "front" in service.get("networks", ())} == {
        "proxy",
        "gateway",
    }
    on_networks_of_the_proxy = {
        each for each, of in SERVICES.items() if {*of.get("networks", ())} & {*proxy["networks"]}
    }
    assert on_networks_of_the_proxy == {"proxy", "gateway"}
    subnet = COMPOSE["networks"]["front"]["ipam"]["config"][0]["subnet"]
    assert SERVICES["gateway"]["environment"]["FORWARDED_ALLOW_IPS"] == subnet


def test_the_proxy_sets_every_variable_of_its_configuration() -> None:
    template = (ROOT / "deploy" / "proxy" / "nginx.conf.template").read_text(encoding="utf-8")
    named = set(re.findall(r"\$\{([A-Z_]+)\}", template))
    assert named == set(SERVICES["proxy"]["environment"])
    assert all(f"$${name}" in str(SERVICES["proxy"]["command"]) for name in named)


def test_data_outlives_the_containers() -> None:
    volumes = [volume for service in SERVICES.values() for volume in service.get("volumes", ())]
    kept = {volume.partition(":")[0] for volume in volumes if isinstance(volume, str)}
    assert kept == set(COMPOSE["volumes"]) == {"kafka", "mongo", "s3"}


def test_the_images_install_the_locked_packages_on_python_3_13() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "ARG PYTHON=python:3.13-" in text
    assert "--require-hashes -r /tmp/requirements.lock" in STAGES["packages"].text


@pytest.mark.parametrize(("name", "module"), [*PROCESSES.items(), ("tools", "deploy")])
def test_an_image_contains_its_own_service_and_common_only(name: str, module: str) -> None:
    """import-linter checks that no service imports another."""
    folder = module.removesuffix(".worker").replace(".", "/")
    assert STAGES[name].copies == [(folder, folder)]
    assert ("services/common", "services/common") in STAGES[STAGES[name].base].copies


def test_the_build_context_contains_everything_that_the_images_copy() -> None:
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    }
    sources = {source.split("/")[0] for stage in STAGES.values() for source, _ in stage.copies}
    assert sources == allowed


@pytest.fixture
def compose_config(tmp_path: Path, env_example: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `docker compose config` with every variable set except `without`."""
    program = cache.piece(cache.COMPOSE) / cache.COMPOSE
    if not program.exists():
        pytest.skip("Docker Compose is not installed: 'make engines' downloads it")

    def config(without: str = "") -> subprocess.CompletedProcess[str]:
        lines = [f"{name}={SECRET}" for name in env_example if name != without]
        (tmp_path / "env").write_text("\n".join(lines), encoding="utf-8")
        command = [
            str(program),
            "--env-file",
            str(tmp_path / "env"),
            "--file",
            str(ROOT / "docker-compose.yml"),
            "--profile",
            "*",
            "config",
        ]
        # Variables of this machine must not replace missing ones of the file.
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        return subprocess.run(
            [*command, "--format", "json"], env=environment, capture_output=True, text=True, check=False
        )

    return config


def test_docker_compose_reads_the_file(compose_config: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    read = compose_config()

    assert (read.returncode, read.stderr) == (0, "")
    resolved = json.loads(read.stdout)["services"]
    assert set(resolved) == set(SERVICES)
    assert {port["host_ip"] for port in resolved["mail"]["ports"]} == {"127.0.0.1"}
    assert [port["target"] for port in resolved["proxy"]["ports"]] == [8443, 8080]
    assert resolved["intake"]["depends_on"]["topics"]["condition"] == "service_completed_successfully"


def test_docker_compose_refuses_to_start_without_a_secret(
    compose_config: Callable[..., subprocess.CompletedProcess[str]], env_example: dict[str, str]
) -> None:
    for name in env_example:
        refused = compose_config(without=name)
        assert refused.returncode != 0, name
        assert f"required variable {name} is missing a value: is explained in .env.example" in refused.stderr
