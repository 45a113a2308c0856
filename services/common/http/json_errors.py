"""Says why a body is not strict JSON. It parses the body once more, so that valid bodies cost nothing."""

import codecs
import json
from typing import Final, NoReturn

from services.common.domain.json_names import Members, repeated_names
from services.common.http.field_errors import FieldError


def json_error(body: bytes) -> FieldError:
    """The error of a body that `parse_json` refuses. `pointer` names a repeated field; otherwise it is empty."""
    try:
        text = body.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        return FieldError("json_encoding", "")
    if not text.strip():
        return FieldError("json_empty", "")
    try:
        repeated = next(repeated_names(_DECODER.decode(text)), None)
    except json.JSONDecodeError as error:
        return _syntax_error(error, text)
    except RecursionError:
        return FieldError("json_too_deep", "")
    except ValueError:
        return FieldError("json_number", "")
    return FieldError("json_too_deep", "") if repeated is None else FieldError("json_repeated", repeated)


def reject_constant(name: str) -> NoReturn:
    """For `parse_constant`: NaN and the infinities are not JSON."""
    raise ValueError("not a JSON number")


def finite_number(text: str) -> float:
    """For `parse_float`: a number that is too large becomes no infinity."""
    number = float(text)
    if number in {float("inf"), float("-inf")}:
        raise ValueError("a number out of range")
    return number


_DECODER: Final = json.JSONDecoder(object_pairs_hook=Members, parse_constant=reject_constant, parse_float=finite_number)


def _syntax_error(error: json.JSONDecodeError, text: str) -> FieldError:
    is_cut_off = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    return FieldError("json_incomplete" if is_cut_off else "json_broken", "", position=(error.lineno, error.colno))
