"""Style, scripts and the font, under names that change with their content: browsers may keep them for a year."""

import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

_FOLDER: Final = Path(__file__).parent / "static"
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_URL: Final = re.compile(rb'url\("([\w.-]+)"\)')
"""How the style sheet names another static file."""


class StaticFile(NamedTuple):
    """`path` contains a hash of the content."""

    path: str
    content: bytes
    media_type: str


@cache
def static_files() -> Mapping[str, StaticFile]:
    """All static files by their name in the folder `static`. Style sheets come last: they name the others."""
    files: dict[str, StaticFile] = {}
    for source in sorted(_FOLDER.iterdir(), key=lambda each: (each.suffix == ".css", each.name)):
        content = _URL.sub(lambda found: b'url("%b")' % files[found[1].decode()].path.encode(), source.read_bytes())
        digest = hashlib.sha256(content).hexdigest()[:12]
        path = f"/static/{source.stem}.{digest}{source.suffix}"
        files[source.name] = StaticFile(path, content, _MEDIA_TYPES[source.suffix])
    return files


@cache
def files_by_path() -> Mapping[str, StaticFile]:
    return {each.path: each for each in static_files().values()}


def static_path(name: str) -> str:
    """The address of a static file. Raises `KeyError` for a name that does not exist."""
    return static_files()[name].path
