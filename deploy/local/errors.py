"""Errors of the local stack: one sentence each, with what to do."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.hints import option


class StackError(Exception):
    """The stack cannot do something. The text is one sentence for a person."""


def disk_full(folder: Path) -> StackError:
    return StackError(f"The disk that holds {folder} is full: free some space and try again.")


@contextmanager
def translate_os_errors(folder: Path) -> Iterator[None]:
    """Turn errors of the operating system about `folder` into a `StackError`."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise disk_full(folder) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise StackError(
                f"{error.filename or folder} cannot be written to: give this user the right to write there, "
                f"or choose another folder with {option('--home', 'DIR')}."
            ) from error
        if error.errno in (errno.ENOTDIR, errno.EEXIST):
            raise StackError(f"{error.filename or folder} is in the way: a folder is needed there.") from error
        if error.errno == errno.ENAMETOOLONG:
            raise StackError(
                f"No file can have a name as long as {option('--home', 'DIR')} makes it: choose another folder."
            ) from error
        raise
