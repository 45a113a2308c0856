"""Contract tests see the contracts of the house alone, not those that other tests make for their own topics."""

import pytest

from services.common.contracts import base


@pytest.fixture(autouse=True)
def only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {
        family: kinds
        for family, types in base._by_family.items()
        if (kinds := {name: kind for name, kind in types.items() if kind.__module__.startswith("services.common.")})
    }
    monkeypatch.setattr(base, "_by_family", ours)
