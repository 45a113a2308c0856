"""The NISS that an operator pastes names the same account as the one that its owner types."""

import io

import pytest

from deploy.cli.sessions import _typed_niss
from deploy.operator.errors import OperatorError

NISS = "12345678910"


@pytest.mark.parametrize(
    "pasted",
    [
        f"{NISS}\r\n",
        "123 456 789 10\n",
        "123\u00a0456\u202f789\u200910",
        "123-456-789-10",
        "123\u2013456\u2212789\u201110",
        f"NISS: {NISS}.\n",
        f"({NISS})\n",
        f"«{NISS}»;",
        "123_456_789_10\n",
        f"\ufeff{NISS}\u200b\n",
        f"\u202a{NISS}\u202c",
        "\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff11\uff10",
    ],
    ids=ascii,
)
def test_a_pasted_niss_is_cleaned(monkeypatch: pytest.MonkeyPatch, pasted: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(pasted))
    assert _typed_niss() == NISS


@pytest.mark.parametrize("typed", ["", "12345678911", "1234567891", "123456789100", "NISS"])
def test_another_number_is_refused_instead_of_ending_nothing(monkeypatch: pytest.MonkeyPatch, typed: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    with pytest.raises(OperatorError, match="NISS") as refused:
        _typed_niss()
    assert not typed or typed not in str(refused.value).split(": ", 1)[1]
