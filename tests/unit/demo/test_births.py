"""What the demonstration says of a birth that was reported twice."""

from collections.abc import Sequence

import pytest

from deploy.demo.births import Opened
from deploy.demo.client import Found

ONE = Found(reference="PO-7K3QX-9M2TA-B", state="concluded")


@pytest.mark.parametrize(
    ("requests", "harms"),
    [
        ([ONE], ()),
        ([], ("the birth that was reported twice opened 0 requests",)),
        ([ONE, ONE], ("the birth that was reported twice opened 2 requests",)),
        (
            [ONE.model_copy(update={"state": "in_analysis"})],
            ("PO-7K3QX-9M2TA-B: the birth's request is not concluded",),
        ),
    ],
)
def test_the_check_holds_for_one_request_that_is_concluded(requests: Sequence[Found], harms: tuple[str, ...]) -> None:
    check = Opened("Tiago Alvorada Meireles", requests, "granted").check
    assert (check.passed, check.harms) == (not harms, harms)
