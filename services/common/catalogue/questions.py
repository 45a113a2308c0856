"""Questions that a subject asks for one of its reasons: one YAML file each, a JSON Schema (2020-12) with words in both languages.

Only what a page can ask is allowed: a choice, a day, a number, yes or no, a short text. A day may be bound to the day of filing by
`x-days`, which JSON Schema cannot say.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, NamedTuple

from jsonschema import Draft202012Validator, FormatChecker
from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.common.catalogue.models import Language
from services.common.catalogue.versions import Catalogues, catalogues, folder_in_use
from services.common.catalogue.yaml_file import FaultyCatalogue, FileFault, YamlFile

QUESTIONS: Final = "questions"

MAX_QUESTIONS: Final = 12
MAX_TEXT: Final = 500
"""Characters of a text."""

MAX_NUMBER: Final = 999_999_999
MAX_DAYS: Final = 3_650
"""Days between a filing and a day that may be answered."""

AnswerValue = str | int | bool
"""What a question is answered with. A choice and a day are texts."""

NAME: Final = "^[a-z][a-z0-9_]{0,39}$"
"""The pattern of a question's name."""

Name = Annotated[str, Field(pattern=NAME)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Wording(_Model):
    """A question in one language. `options` names the values of a choice."""

    title: str = Field(min_length=1, max_length=200)
    hint: str = Field(default="", max_length=300)
    options: dict[str, str] = Field(default_factory=dict)


class Wordings(_Model):
    pt: Wording
    en: Wording

    def in_(self, language: Language) -> Wording:
        return self.en if language == "en" else self.pt


class Days(_Model):
    """The days that may be answered, counted from the day of filing: -30 is thirty days before."""

    earliest: int | None = Field(default=None, ge=-MAX_DAYS, le=MAX_DAYS)
    latest: int | None = Field(default=None, ge=-MAX_DAYS, le=MAX_DAYS)


class Question(_Model):
    """A property of the schema."""

    type: Literal["string", "integer", "boolean"]
    words: Wordings = Field(alias="x-words")
    enum: tuple[str, ...] = Field(default=(), max_length=9)
    format: Literal["date"] | None = None
    days: Days | None = Field(default=None, alias="x-days")
    max_length: int | None = Field(default=None, alias="maxLength", ge=1, le=MAX_TEXT)
    minimum: int | None = Field(default=None, ge=0, le=MAX_NUMBER)
    maximum: int | None = Field(default=None, ge=0, le=MAX_NUMBER)

    @property
    def kind(self) -> Literal["choice", "day", "number", "yes-no", "text"]:
        if self.enum:
            return "choice"
        if self.format:
            return "day"
        return {"integer": "number", "boolean": "yes-no", "string": "text"}[self.type]  # type: ignore[return-value]

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> "Question":
        if self.kind in ("choice", "day") and self.type != "string":
            raise ValueError("a choice and a day are of the type string")
        if self.kind == "text" and self.max_length is None:
            raise ValueError("a text needs maxLength")
        if self.kind == "number" and (self.minimum is None or self.maximum is None):
            raise ValueError("a number needs minimum and maximum")
        if self.kind != "day" and self.days is not None:
            raise ValueError("x-days is for days")
        for least, most in (
            (self.minimum, self.maximum),
            (self.days and (self.days.earliest, self.days.latest)) or (None, None),
        ):
            if least is not None and most is not None and least > most:
                raise ValueError("the lower bound is above the upper one")
        for words in (self.words.pt, self.words.en):
            if set(words.options) != set(self.enum):
                raise ValueError("options must name exactly the values of enum, in both languages")
        return self

    def json_schema(self, language: Language) -> dict[str, Any]:
        """As JSON Schema, with the words of one language as annotations."""
        words = self.words.in_(language)
        bounds = {
            "minLength": 1 if self.kind == "text" else None,
            "maxLength": self.max_length,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "format": self.format,
        }
        days = {"x-days": self.days.model_dump(exclude_none=True)} if self.days else {}
        choice = {"oneOf": [{"const": each, "title": words.options[each]} for each in self.enum]} if self.enum else {}
        hint = {"description": words.hint} if words.hint else {}
        given = {name: value for name, value in bounds.items() if value is not None}
        return {"type": self.type, "title": words.title, **hint, **choice, **given, **days}


class Questions(_Model):
    """What is asked for one reason of a subject, in the order of the file."""

    type: Literal["object"]
    properties: dict[Name, Question] = Field(min_length=1, max_length=MAX_QUESTIONS)
    required: tuple[str, ...] = ()
    additional: Literal[False] = Field(alias="additionalProperties")

    @model_validator(mode="after")
    def _requires_what_it_has(self) -> "Questions":
        if unknown := set(self.required) - set(self.properties):
            raise ValueError(f"required names no question: {', '.join(sorted(unknown))}")
        return self

    def json_schema(self, language: Language) -> dict[str, Any]:
        """As JSON Schema (2020-12)."""
        properties = {name: each.json_schema(language) for name, each in self.properties.items()}
        return {
            "type": "object",
            "properties": properties,
            "required": list(self.required),
            "additionalProperties": False,
        }

    def wrong(self, answers: Mapping[str, AnswerValue], today: date) -> list["WrongAnswer"]:
        """What the schema refuses, each question once, in their order; unknown names last."""
        found: dict[str, WrongAnswer] = {}
        for error in Draft202012Validator(self.json_schema("en"), format_checker=_DATES).iter_errors(dict(answers)):
            for each in _wrong(error, answers, self):
                found.setdefault(each.name, each)
        for name, question in self.properties.items():
            if name in answers and name not in found and (wrong := _wrong_day(name, question, answers[name], today)):
                found[name] = wrong
        order = [*self.properties, *sorted(found.keys() - self.properties)]
        return [found[name] for name in order if name in found]


class WrongAnswer(NamedTuple):
    """`first` and `last`: the days that are accepted, where that is what is wrong."""

    name: str
    because: Literal["missing", "wrong", "day", "unknown"]
    first: date | None = None
    last: date | None = None


QuestionsByLeaf = Mapping[tuple[str, str], Questions]
"""By codes of subject and reason."""

_DATES: Final = FormatChecker(["date"])


def _wrong(error: Any, answers: Mapping[str, AnswerValue], questions: Questions) -> list[WrongAnswer]:
    if error.validator == "required":
        return [WrongAnswer(name, "missing") for name in questions.required if name not in answers]
    if error.validator == "additionalProperties":
        return [WrongAnswer(name, "unknown") for name in answers if name not in questions.properties]
    return [WrongAnswer(str(error.path[0]), "wrong")] if error.path else []


def _wrong_day(name: str, question: Question, value: AnswerValue, today: date) -> WrongAnswer | None:
    if question.days is None or question.kind != "day":
        return None
    day = date.fromisoformat(str(value))
    earliest, latest = question.days.earliest, question.days.latest
    first = None if earliest is None else today + timedelta(days=earliest)
    last = None if latest is None else today + timedelta(days=latest)
    too_early, too_late = first is not None and day < first, last is not None and day > last
    return WrongAnswer(name, "day", first, last) if too_early or too_late else None


@cache
def questions() -> QuestionsByLeaf:
    """The questions that this process uses. Raises `FaultyCatalogue`."""
    return read_questions(folder_in_use(), catalogues())


def read_questions(folder: Path, known: Catalogues) -> QuestionsByLeaf:
    """All questions of a folder: `questions/TRA-04-CER.yaml` asks for the reason CER of TRA-04. Raises `FaultyCatalogue`."""
    found: dict[tuple[str, str], Questions] = {}
    faults: list[FileFault] = []
    for file in sorted((folder / QUESTIONS).glob("*")):
        subject, _, reason = file.stem.rpartition("-")
        if file.suffix != ".yaml" or not any(each.valid_leaf(subject, reason) for each in known.versions):
            faults.append(FileFault(file, 1, "belongs to no reason of a subject"))
            continue
        try:
            found[subject, reason] = YamlFile(file).parse(Questions)
        except FaultyCatalogue as error:
            faults.extend(error.faults)
    if faults:
        raise FaultyCatalogue(*faults)
    return found
