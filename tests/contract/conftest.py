"""Contract tests see only the real contracts, not those that other tests declare for their own topics."""

import pytest

from services.common.contracts import base


@pytest.fixture(autouse=True)
def only_real_contracts(monkeypatch: pytest.MonkeyPatch) -> None:
    real = {
        family: kinds
        for family, types in base._by_family.items()
        if (kinds := {name: kind for name, kind in types.items() if kind.__module__.startswith("services.common.")})
    }
    monkeypatch.setattr(base, "_by_family", real)
