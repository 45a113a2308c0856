"""Errors of the operator commands: one sentence each, with what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import KafkaError

from services.common.domain.errors import StoreUnavailable, TopicMissing, Unavailable


class OperatorError(Exception):
    """The operation cannot be done. The text is one sentence for a person."""


@contextmanager
def translate_engine_errors() -> Iterator[None]:
    """Turn the errors of an unavailable engine into an `OperatorError`."""
    try:
        yield
    except StoreUnavailable as error:
        raise OperatorError(f"The store does not answer ({error}): check that it runs, and check MONGO_URL.") from None
    except TopicMissing as missing:
        raise OperatorError(
            f"The topic {missing.topic} is missing, or this user may not write to it: see 'postigo topics apply --help'."
        ) from None
    except (Unavailable, KafkaError, OSError, TimeoutError) as error:
        cause = str(error) if isinstance(error, Unavailable) else type(error).__name__
        raise OperatorError(f"The broker does not answer ({cause}): check that it runs, and check KAFKA_URL.") from None
