"""The questions of reasons: those that come with Postigo, what a faulty file says, and which answers fit."""

from datetime import date
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from hypothesis import given, strategies as st

from gateway.requests.answers import answer_errors, answers_in_words
from services.common.catalogue import FaultyCatalogue, catalogue, catalogues
from services.common.catalogue.help_pages import read_help
from services.common.catalogue.questions import AnswerValue, Question, questions, read_questions
from tests.support.own_catalogue import second_version

TODAY: Final = date(2026, 12, 1)
RETURN: Final = """\
type: object
required: [day]
additionalProperties: false
properties:
  day:
    type: string
    format: date
    x-days: {earliest: -30, latest: 30}
    x-words: {pt: {title: "Que dia?"}, en: {title: "Which day?"}}
"""


def faults_of(folder: Path, text: str, name: str = "DOE-02-CES.yaml") -> list[str]:
    (folder / "questions").mkdir(exist_ok=True)
    (folder / "questions" / name).write_text(text, encoding="utf-8")
    with pytest.raises(FaultyCatalogue) as raised:
        read_questions(folder, catalogues())
    return [f"{each.line}: {each.text}" for each in raised.value.faults]


def errors(
    answers: dict[str, AnswerValue], subject: str = "TRA-06", reason: str = "PLN"
) -> list[tuple[str | None, str]]:
    return [(each.pointer, each.code) for each in answer_errors(subject, reason, answers, TODAY)]


def test_at_least_eight_reasons_have_questions() -> None:
    assert len(questions()) >= 8
    assert ("DOE-02", "CES") in questions()


@pytest.mark.parametrize("leaf", sorted(questions()), ids="-".join)
def test_the_schema_of_each_is_sound_json_schema_in_both_languages(leaf: tuple[str, str]) -> None:
    portuguese, english = (questions()[leaf].json_schema(language) for language in ("pt", "en"))
    for schema in (portuguese, english):
        jsonschema.Draft202012Validator.check_schema(schema)
        assert all(each["title"] for each in schema["properties"].values())
    assert portuguese != english
    assert list(portuguese["properties"]) == list(english["properties"])


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ({"instalments": 12, "enforcement": False}, []),
        ({}, [("/answers/instalments", "required"), ("/answers/enforcement", "required")]),
        ({"instalments": 1, "enforcement": True}, [("/answers/instalments", "wrong_answer")]),
        ({"instalments": 151, "enforcement": True}, [("/answers/instalments", "wrong_answer")]),
        ({"instalments": "12", "enforcement": True}, [("/answers/instalments", "wrong_answer")]),
        (
            {"instalments": True, "enforcement": 1},
            [("/answers/instalments", "wrong_answer"), ("/answers/enforcement", "wrong_answer")],
        ),
        ({"instalments": 12, "enforcement": True, "more": 1}, [("/answers/more", "unknown_question")]),
    ],
)
def test_answers_that_do_not_fit_are_named(answers: dict[str, AnswerValue], found: list[tuple[str, str]]) -> None:
    assert errors(answers) == found


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2026-11-01", None),
        ("2026-12-31", None),
        ("2026-10-31", "day_not_accepted"),
        ("2027-01-01", "day_not_accepted"),
        ("2026-02-30", "wrong_answer"),
        ("amanhã", "wrong_answer"),
        ("", "wrong_answer"),
        (20261201, "wrong_answer"),
    ],
)
def test_a_day_must_exist_and_lie_in_the_accepted_period(day: AnswerValue, code: str | None) -> None:
    assert errors({"return_on": day}, "DOE-02", "CES") == ([("/answers/return_on", code)] if code else [])


def test_an_answer_to_a_reason_without_questions_is_refused() -> None:
    assert errors({"purpose": "bank"}, "FAM-01", "INF") == [("/answers/purpose", "unknown_question")]
    assert errors({}, "FAM-01", "INF") == []


def test_answers_have_the_words_of_then_in_the_language_of_the_request() -> None:
    english = answers_in_words("TRA-06", "PLN", {"enforcement": True, "instalments": 12}, "en")
    assert [(each.name, each.value, each.text) for each in english] == [
        ("instalments", 12, "12"),
        ("enforcement", True, "Yes"),
    ]
    (portuguese,) = answers_in_words("DOE-02", "CES", {"return_on": "2026-12-05"}, "pt")
    assert (portuguese.question, portuguese.text) == ("Em que dia volta ao trabalho?", "5 de dezembro de 2026")
    (choice,) = answers_in_words("TRA-04", "CER", {"purpose": "bank"}, "pt")
    assert (choice.value, choice.text) == ("bank", "Banco ou crédito")


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=10) | st.integers() | st.booleans(), max_size=4))
def test_any_answers_are_judged_without_an_error(answers: dict[str, Any]) -> None:
    for subject, reason in questions():
        wrong = answer_errors(subject, reason, answers, TODAY)
        assert len({each.pointer for each in wrong}) == len(wrong)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("format: date", "format: time", "7: properties.day.format: Input should be 'date'"),
        ("type: string", "type: array", "6: properties.day.type: Input should be 'string', 'integer' or 'boolean'"),
        ("required: [day]", "required: [days]", "1: : Value error, required names no question: days"),
        ("additionalProperties: false", "additionalProperties: true", "3: additionalProperties: Input should be False"),
        ("    format: date\n", "", "6: properties.day: Value error, a text needs maxLength"),
        ("  day:", "  Day-1:", "5: properties.Day-1.[key]: String should match pattern '^[a-z][a-z0-9_]{0,39}$'"),
        (
            'pt: {title: "Que dia?"}',
            "pt: {title: ''}",
            "9: properties.day.x-words.pt.title: String should have at least 1 character",
        ),
        ("type: string", "type: integer", "6: properties.day: Value error, a choice and a day are of the type string"),
        (
            "type: string\n    format: date",
            "type: integer",
            "6: properties.day: Value error, a number needs minimum and maximum",
        ),
        (
            "format: date\n    x-days: {earliest: -30, latest: 30}",
            "enum: [a]",
            "6: properties.day: Value error, options must name exactly the values of enum, in both languages",
        ),
    ],
)
def test_a_faulty_file_is_refused_with_its_line(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert old in RETURN
    found = faults_of(tmp_path, RETURN.replace(old, new, 1))
    assert [each.split(": ", 1)[1] for each in found] == [fault.split(": ", 1)[1]]
    assert all(int(each.split(":")[0]) >= 1 for each in found)


@pytest.mark.parametrize("name", ["DOE-02-NPG.yaml", "FAM-99-INF.yaml", "DOE-02-CES.json", "questions.yaml"])
def test_a_file_for_no_reason_of_a_subject_is_a_fault(tmp_path: Path, name: str) -> None:
    assert faults_of(tmp_path, RETURN, name) == ["1: belongs to no reason of a subject"]


def test_a_question_knows_what_kind_of_field_it_needs() -> None:
    kinds = {each.kind for asked in questions().values() for each in asked.properties.values()}
    assert kinds == {"choice", "day", "number", "yes-no", "text"}
    assert all(isinstance(each, Question) for asked in questions().values() for each in asked.properties.values())


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("{earliest: -30, latest: 30}", "{earliest: 30, latest: -30}", "the lower bound is above the upper one"),
        ("{earliest: -30, latest: 30}", "{latest: 99999}", "Input should be less than or equal to 3650"),
        ("format: date", "maxLength: 9", "x-days is for days"),
    ],
)
def test_bounds_that_nothing_meets_are_faults(tmp_path: Path, old: str, new: str, fault: str) -> None:
    assert fault in "".join(faults_of(tmp_path, RETURN.replace(old, new, 1)))


def test_questions_and_help_of_a_subject_that_is_gone_may_stay(tmp_path: Path) -> None:
    with second_version(tmp_path):
        assert catalogue().subject("FAM-06") is None
        assert ("FAM-06", "pt") not in read_help(tmp_path, catalogues())
        (tmp_path / "questions" / "FAM-06-INF.yaml").write_text(RETURN, encoding="utf-8")
        assert ("FAM-06", "INF") in read_questions(tmp_path, catalogues())
