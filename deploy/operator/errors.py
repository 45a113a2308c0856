"""What keeps an operator from doing something, said in one sentence that tells what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import KafkaError

from services.common.domain.errors import StoreUnavailable, TopicMissing, Unavailable


class OperatorError(Exception):
    """It cannot be done; the text is one sentence for a person."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn what an absent engine raises into an `OperatorError`."""
    try:
        yield
    except StoreUnavailable as error:
        raise OperatorError(f"The store does not answer ({error}): check that it runs, and MONGO_URL.") from None
    except TopicMissing as missing:
        raise OperatorError(
            f"The topic {missing.topic} is missing, or this user may not write to it: see 'postigo topics apply --help'."
        ) from None
    except (Unavailable, KafkaError, OSError, TimeoutError) as error:
        said = str(error) if isinstance(error, Unavailable) else type(error).__name__
        raise OperatorError(f"The broker does not answer ({said}): check that it runs, and KAFKA_URL.") from None
