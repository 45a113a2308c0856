import pytest
from pydantic import TypeAdapter, ValidationError

from services.common.legal_clock import Place, dilation_of, region_of
from services.common.legal_clock.places import _COUNTRIES, _EUROPE, _MUNICIPALITIES

PLACE: TypeAdapter[str] = TypeAdapter(Place)


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("fr", "FR"),
        (" PT ", "PT"),
        ("pt 11", "PT-11"),
        ("PT–1106", "PT-1106"),
        ("pt - 4203", "PT-4203"),
        ("\u200bpt‑３０", "PT-30"),
    ],
)
def test_a_place_is_cleaned_like_a_code(typed: str, place: str) -> None:
    assert PLACE.validate_python(typed) == place


@pytest.mark.parametrize(
    "typed",
    [
        *("", "Lisboa", "UK", "XK", "EU", "FR-75", "P", "PRT"),
        *("PT-1", "PT-00", "PT-19", "PT-21", "PT-31", "PT-99", "PT-110", "PT-11-06", "PT1106", "1106"),
        *("PT-1100", "PT-1117", "PT-0120", "PT-2001", "PT-3202", "PT-4207", "PT-5001", "PT-110601"),
    ],
)
def test_an_unknown_place_is_refused_with_a_code_of_its_own(typed: str) -> None:
    with pytest.raises(ValidationError) as error:
        PLACE.validate_python(typed)
    (only,) = error.value.errors()
    assert only["ctx"]["code"] == "unknown_place"


def test_portugal_has_308_municipalities() -> None:
    numbers = [f"PT-{area}{number:02}" for area in _MUNICIPALITIES for number in range(100)]
    assert sum(_is_place(number) for number in numbers) == 308
    assert sum(_MUNICIPALITIES.values()) == 308


def test_the_codes_of_countries_are_those_of_the_standard() -> None:
    assert len(_COUNTRIES) == 249
    assert _EUROPE < _COUNTRIES
    assert "PT" not in _EUROPE


@pytest.mark.parametrize(
    ("places", "days"),
    [
        ([None, "PT", "PT-11", "PT-1106", "PT-0801"], 0),
        (["PT-20", "PT-4101", "PT-4901", "PT-30", "PT-3103", "PT-3201"], 5),
        (["ES", "FR", "CH", "LU", "GB", "UA", "CY", "AD", "IS"], 15),
        (["BR", "AO", "CV", "US", "MO", "TL", "GP", "GL"], 30),
    ],
)
def test_people_who_live_outside_the_mainland_have_more_time(places: list[str | None], days: int) -> None:
    assert {dilation_of(place) for place in places} == {days}


@pytest.mark.parametrize(
    ("places", "region"),
    [
        ([None, "PT", "PT-11", "PT-1106", "FR", "BR"], None),
        (["PT-20", "PT-4101", "PT-4206", "PT-4901"], "20"),
        (["PT-30", "PT-3110", "PT-3201"], "30"),
    ],
)
def test_the_holidays_of_the_islands_count_for_who_lives_there(places: list[str | None], region: str | None) -> None:
    assert {region_of(place) for place in places} == {region}


def _is_place(code: str) -> bool:
    try:
        PLACE.validate_python(code)
    except ValidationError:
        return False
    return True
