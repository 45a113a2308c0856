"""The limits of accounts, as the settings say them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from gateway.documents.limits import UPLOADS, UPLOADS_OF_ONE_ACCOUNT, UploadLimits
from gateway.drafts.revisions import CALLS_OF_ONE_ACCOUNT
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
    drafts: AccountLimit
    uploads: UploadLimits
    submits: KeyedLimit
    acts_in_progress: KeyedLimit
    drafts_in_progress: KeyedLimit
    sign_ins: Mapping[Who, int]


@dataclass(frozen=True, slots=True)
class _Sizes:
    """The sizes of limits, each from that of a person. `times` multiplies all of them, `company_times` those of companies."""

    times: int
    company_times: int

    def by_who(self, person: int) -> dict[Who, int]:
        return {"P": person * self.times, "E": person * self.times * self.company_times}

    def allowances(self, per_hour: int, burst: int) -> Mapping[Who, Allowance]:
        hours, bursts = self.by_who(per_hour), self.by_who(burst)
        return {who: Allowance(hours[who], bursts[who]) for who in hours}

    def of_fields(self, **persons: int) -> Mapping[Who, Mapping[str, int]]:
        """For counters with several fields: the size of each."""
        sizes = {name: self.by_who(person) for name, person in persons.items()}
        return {who: {name: size[who] for name, size in sizes.items()} for who in self.by_who(1)}


def limits_of(settings: Settings, views: ViewStore, counters: Counters) -> Limits:
    times = settings.account_limits_times
    sizes = _Sizes(times, settings.company_limits_times)
    return Limits(
        requests=AccountLimit(
            "requests",
            sizes.allowances(settings.requests_per_hour, settings.requests_burst),
            FiledHour(views, sizes.by_who(settings.requests_per_hour)),
            read_from=FILED_READ_FROM,
        ),
        acts=AccountLimit(
            "acts",
            sizes.allowances(settings.acts_per_hour, settings.acts_burst),
            CountedHour(counters, "acts", sizes.of_fields(count=settings.acts_per_hour)),
        ),
        drafts=AccountLimit(
            "drafts",
            sizes.allowances(settings.draft_changes_per_hour, settings.draft_changes_burst),
            CountedHour(counters, "drafts", sizes.of_fields(count=settings.draft_changes_per_hour)),
        ),
        uploads=_upload_limits(settings, sizes, counters),
        submits=KeyedLimit("submits-of-one-account", SUBMITS_OF_ONE_ACCOUNT * times),
        acts_in_progress=KeyedLimit("acts-of-one-account", ACTS_OF_ONE_ACCOUNT * times),
        drafts_in_progress=KeyedLimit("drafts-of-one-account", CALLS_OF_ONE_ACCOUNT * times),
        sign_ins=sizes.by_who(settings.sign_ins_per_hour),
    )


def _upload_limits(settings: Settings, sizes: _Sizes, counters: Counters) -> UploadLimits:
    hour = sizes.of_fields(count=settings.uploads_per_hour, bytes=settings.upload_mib_per_hour * MIB)
    return UploadLimits(
        account_limit=AccountLimit(
            "uploads",
            sizes.allowances(settings.uploads_per_hour, settings.uploads_burst),
            CountedHour(counters, "uploads", hour),
        ),
        quota=sizes.by_who(settings.stored_mib * MIB),
        limit=ConcurrencyLimit("uploads", UPLOADS),
        # Places are memory of this process: no setting multiplies them.
        places=KeyedLimit("uploads-of-one-account", UPLOADS_OF_ONE_ACCOUNT),
    )
