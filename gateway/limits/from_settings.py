"""The limits of accounts, as the settings say them."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from gateway.documents.limits import UPLOADS, UPLOADS_OF_ONE_ACCOUNT, UploadLimits
from gateway.limits.accounts import AccountLimit, Allowance
from gateway.limits.concurrency import ConcurrencyLimit, KeyedLimit
from gateway.limits.counters import Counters
from gateway.limits.hours import CountedHour, FiledHour
from gateway.requests.acts import ACTS_OF_ONE_ACCOUNT
from gateway.requests.store import ViewStore
from gateway.requests.submissions import SUBMITS_OF_ONE_ACCOUNT
from gateway.settings import Settings
from services.common.contracts.intake import Who

MIB: Final = 1024 * 1024

FILED_READ_FROM: Final = 0.5
"""The share of the burst from which on a filing is followed by a read of the account's last hour."""


class Limits(NamedTuple):
    requests: AccountLimit
    acts: AccountLimit
    uploads: UploadLimits
    submits: KeyedLimit
    acts_in_progress: KeyedLimit


def limits_of(settings: Settings, views: ViewStore, counters: Counters) -> Limits:
    def by_who(person: int) -> dict[Who, int]:
        person *= settings.account_limits_times
        return {"P": person, "E": person * settings.company_limits_times}

    def allowances(per_hour: int, burst: int) -> Mapping[Who, Allowance]:
        hours, bursts = by_who(per_hour), by_who(burst)
        return {who: Allowance(hours[who], bursts[who]) for who in hours}

    def counted(name: str, per_hour: int, **more: int) -> CountedHour:
        fields = {name: by_who(most) for name, most in ({"count": per_hour} | more).items()}
        return CountedHour(
            counters, name, {who: {name: each[who] for name, each in fields.items()} for who in fields["count"]}
        )

    def in_progress(what: str, most: int) -> KeyedLimit:
        return KeyedLimit(what, most * settings.account_limits_times)

    filed = FiledHour(views, by_who(settings.requests_per_hour))
    uploads = AccountLimit(
        "uploads",
        allowances(settings.uploads_per_hour, settings.uploads_burst),
        counted("uploads", settings.uploads_per_hour, bytes=settings.upload_mib_per_hour * MIB),
    )
    return Limits(
        requests=AccountLimit(
            "requests",
            allowances(settings.requests_per_hour, settings.requests_burst),
            filed,
            read_from=FILED_READ_FROM,
        ),
        acts=AccountLimit(
            "acts", allowances(settings.acts_per_hour, settings.acts_burst), counted("acts", settings.acts_per_hour)
        ),
        uploads=UploadLimits(
            account_limit=uploads,
            quota=by_who(settings.stored_mib * MIB),
            limit=ConcurrencyLimit("uploads", UPLOADS),
            # Places are memory of this process: no setting multiplies them.
            places=KeyedLimit("uploads-of-one-account", UPLOADS_OF_ONE_ACCOUNT),
        ),
        submits=in_progress("submits-of-one-account", SUBMITS_OF_ONE_ACCOUNT),
        acts_in_progress=in_progress("acts-of-one-account", ACTS_OF_ONE_ACCOUNT),
    )
