"""The catalogue that comes with Postigo answers the queries of gateway, intake and routing."""

from services.common.catalogue import INCLUDED, Clock, catalogue, catalogues, read_catalogues


def test_the_current_catalogue_has_the_planned_numbers_of_entries() -> None:
    current = catalogue()
    assert (len(current.life_events), len(current.subjects), len(current.reasons)) == (10, 54, 20)
    assert (sum(len(subject.reasons) for subject in current.subjects.values()), len(current.departments)) == (254, 15)


def test_a_leaf_is_a_subject_with_one_of_its_reasons() -> None:
    current = catalogue()
    assert current.valid_leaf("FAM-01", "INF")
    assert not current.valid_leaf("FAM-01", "DEN")
    assert not current.valid_leaf("FAM-99", "INF")


def test_every_leaf_resolves_to_a_department_and_a_term() -> None:
    current = catalogue()
    for subject in current.subjects.values():
        assert current.department_of(subject.code) in current.departments
        for reason in subject.reasons:
            assert current.clock_of(reason).length > 0
    assert current.department_of("FAM-99") is None


def test_terms_are_lengths_with_a_unit() -> None:
    assert catalogue().clock_of("INF") == Clock.model_validate(
        {"length": 10, "unit": "working_days", "for": "information"}
    )
    assert catalogue().clock_of("RGP").unit == "calendar_months"


def test_a_subject_knows_which_accounts_may_use_it() -> None:
    subject = catalogue().subject("DOE-05")
    assert subject is not None
    assert subject.open_to("E")
    assert not subject.open_to("P")


def test_names_are_in_both_languages() -> None:
    reason = catalogue().reason("INF")
    assert reason is not None
    assert (reason.name("pt"), reason.name("en")) == ("Pedido de informação", "Ask for information")


def test_the_catalogue_in_use_has_no_faults() -> None:
    assert read_catalogues(INCLUDED).versions == catalogues().versions


def test_usual_documents_of_a_reason_are_named_in_both_languages() -> None:
    needed = [reason.usual_documents for reason in catalogue().reasons.values() if reason.usual_documents]
    assert len(needed) == 12
    assert all(each.name("pt") != each.name("en") for each in needed)
