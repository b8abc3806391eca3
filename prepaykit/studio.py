"""The front door for a person: a studio, its jobs, and the verbs as methods.

    from prepaykit import Studio
    job = Studio.open("studio.db").job("plainview-fall-2026")
    plan = job.populate()               # nothing has changed yet
    plan                                # a summary, the findings, the rows that would change
    job.apply(plan, why="first pass")   # one transaction, journaled; job.undo() takes it back

This and `prepaykit.job` are the few places where files, the clock, decisions and the store meet. Beside the store lie the studio's folders: `artwork/`
(finished memory mates), `thumbs/` and `cache/` (small pictures, and what was read of each frame: both made again if deleted), `lab/` (packages sent), `mail/` (merge files), `reports/`.
"""

from __future__ import annotations

import getpass
import os
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from prepaykit.account import account_book
from prepaykit.adapters.lab.folder import write_package
from prepaykit.adapters.mail_merge import write_merge_file
from prepaykit.errors import Refused, UsageError
from prepaykit.intake.payment_reports import ORDER_KEY
from prepaykit.intake.sources import open_bytes
from prepaykit.job import ARTWORK, Job
from prepaykit.ledger.outbox import drain
from prepaykit.ledger.store import Store
from prepaykit.refunding import poll, send_refund
from prepaykit.rules.reconciling import Season
from prepaykit.tables.catalog import columns_of
from prepaykit.tables.gateway import Gateway

if TYPE_CHECKING:
    from prepaykit.adapters.stripe.account import Told

PathLike = str | os.PathLike
FOLLOWED = "followed"
"""The state of what `send` says of a refund that went out earlier."""
NO_KEY = "no key of Stripe is here: set PREPAYKIT_STRIPE_KEY"


def utc_now() -> pd.Timestamp:
    """This moment, as the store keeps moments."""
    return pd.Timestamp.now("UTC").floor("us")


def find_studio() -> str:
    """Where the studio is if nobody says so: `PREPAYKIT_STUDIO`, else `studio.db` here or in a folder above."""
    named = os.environ.get("PREPAYKIT_STUDIO")
    if named:
        return named
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "studio.db").exists():
            return str(folder / "studio.db")
    raise UsageError(
        "no studio here: name one (--studio studio.db, or PREPAYKIT_STUDIO), or make a job with: prepaykit new FOLDER"
    )


class Studio:
    """A store with its folders. Open it, pick a job, close it (or use it as a context)."""

    def __init__(self, store: Store, home: Path, actor: str, clock: Callable[[], pd.Timestamp]) -> None:
        self.store, self.home, self.actor, self.clock = store, home, actor, clock

    @classmethod
    def open(cls, target: PathLike | None = None, *, home: PathLike | None = None, actor: str | None = None,
             clock: Callable[[], pd.Timestamp] = utc_now) -> Studio:  # fmt: skip
        """Open a studio: a SQLite file (made if it is not there), or a `postgresql://` address.

        `home` holds the studio's folders: beside the file if not given. `actor` is who the journal will name.
        """
        place = str(target) if target is not None else find_studio()
        is_server = "://" in place
        folder = Path(home) if home is not None else (Path.cwd() if is_server else Path(place).resolve().parent)
        who = actor or os.environ.get("PREPAYKIT_ACTOR") or getpass.getuser()
        return cls(Store.open(place, clock=clock), folder, who, clock)

    def close(self) -> None:
        """Give the store back."""
        self.store.close()

    def __enter__(self) -> Studio:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"studio of {len(self.store.jobs())} jobs, as {self.actor}"

    def jobs(self) -> pd.DataFrame:
        """Every job of the studio, one row each."""
        return self.store.jobs()

    def job(self, name: str | None = None) -> Job:
        """A job by name; without a name the one of `PREPAYKIT_JOB`, else the only one there is."""
        name = name or os.environ.get("PREPAYKIT_JOB")
        names = list(self.store.jobs()["name"])
        if name is None and len(names) == 1:
            name = names[0]
        if name not in names:
            wanted = "several jobs here, name one" if name is None else f"no job {name} here"
            raise UsageError(f"{wanted}; there are: {', '.join(names) or 'none'}")
        return Job(self, str(name))

    def new(self, settings: Mapping[str, object] | PathLike, *, why: str = "") -> Job:
        """Make a job from settings, or from a `job.toml` (or the folder that holds one)."""
        if not isinstance(settings, Mapping):
            settings = read_job_file(Path(settings))
        return Job(self, self.store.add_job(settings, actor=self.actor, why=why))

    def send(self, *, through: Gateway | None = None, live: bool = False) -> pd.DataFrame:
        """Send what waits in the outbox, each thing once: `key`, `kind`, `state`, `receipt` or `error`.

        Refunds go out only where there is a key to refund with (see `stripe_gateway`); then earlier ones are asked about too: what became of
        them is a row of the state `followed`, with an error where somebody must look (failed, made twice, not to be asked).
        """
        gateway, why_none = self._gateway_or_why(through, live)
        adapters = {
            "lab_package": lambda payload, key: write_package(
                payload, key, out_dir=self.home / "lab", open_bytes=self.open_bytes
            ),
            "mail_merge": lambda payload, key: write_merge_file(payload, key, out_dir=self.home / "mail"),
        }
        if gateway is not None:
            adapters["refund"] = lambda payload, key: send_refund(self, gateway, payload)
        sent = drain(self.store, adapters, now=self.clock())
        if gateway is not None:
            followed = poll(self, gateway)
            told = pd.DataFrame({"key": "refund/" + followed["job"] + "/" + followed["refund_id"].astype("str"), "kind": "refund", "state": FOLLOWED,
                                 "receipt": followed["said"].mask(followed["is_alarm"].eq(True)), "error": followed["said"].where(followed["is_alarm"].eq(True))})  # fmt: skip
            return pd.concat([sent, told.astype("str")], ignore_index=True) if len(told) else sent
        left = (sent["kind"] == "refund") & (sent["state"] == "pending")
        return sent.assign(error=sent["error"].mask(left, why_none).astype("str"))

    def reconcile(self, reports: Iterable[PathLike] = (), *, job: str | None = None, order_key: str = ORDER_KEY, timezone: str = "UTC") -> dict[str, pd.DataFrame]:
        """Every table of the reconciliation of the season, or of one job, by its name: `prepaykit.report.season_tables`. Changes nothing.

        Reads the reports of payments kept in the studio's folder `payments/`, and these. `timezone`: where days and months begin, and of times in a report that name none.
        """
        from prepaykit.report.season_tables import season_tables  # with it: every rule of the account book

        names = [str(name) for name in self.jobs()["name"]]
        if not names:
            raise UsageError("there is no job here to reconcile: make one with prepaykit new FOLDER")
        own = self.job(job).state if job else None
        currency = {} if own is None else {"currency": str(own.job["currency"])}
        book, findings = account_book(self.home, reports, order_key=order_key, timezone=timezone, **currency)
        season = Season.of([self.store.read(name) for name in names], book)
        return season_tables(season, job=job, now=self.clock(), timezone=timezone, findings=findings)

    def _gateway_or_why(self, through: Gateway | None, live: bool) -> tuple[Gateway | None, str]:
        """The way to Stripe, or why there is none: a refused key must not keep lab packages back."""
        try:
            found = through if through is not None else self.stripe_gateway(live=live)
        except (Refused, UsageError) as error:
            return None, str(error)
        return found, NO_KEY

    def stripe_gateway(self, *, live: bool = False) -> Gateway | None:
        """The way to Stripe, with the key of the environment or the keyring; None without one. A live key is refused unless `live`."""
        from prepaykit.adapters.stripe.client import BASE, find_key, open_client  # loads Stripe's library

        key = find_key(os.environ)
        if key is None:
            return None
        from prepaykit.adapters.stripe.refunds import StripeGateway

        return StripeGateway(open_client(key, live=live, base=os.environ.get(BASE)))

    def read_stripe(self, *, live: bool = False, since: pd.Timestamp | None = None, order_key: str = ORDER_KEY, sessions: Collection[str] = ()) -> Told:
        """What Stripe says that `payments/` does not have yet; nothing is kept of it (see `prepaykit.account.keep_read`).

        `since`: everything made from then on anew. `sessions`: Checkout Sessions whose payments are wanted. Raises UsageError without a key, Refused for a live key
        unless `live`, and for live and test money together.
        """
        from prepaykit.adapters.stripe.account import read_account
        from prepaykit.adapters.stripe.client import BASE, find_key, is_live, open_client

        key = find_key(os.environ)
        if key is None:
            raise UsageError(NO_KEY)
        client = open_client(key, live=live, base=os.environ.get(BASE))
        book, _ = account_book(self.home, order_key=order_key)
        return read_account(client, book, is_live=is_live(key), since=since, order_key=order_key, sessions=sessions)

    def open_bytes(self, root: str, path: str) -> bytes:
        """The bytes of a frame, or of a finished artwork (root `artwork`)."""
        return open_bytes(str(self.home / ARTWORK) if root == ARTWORK else root, path)


def read_job_file(path: Path) -> dict[str, object]:
    """Settings of a job from its `job.toml`; tables in it (such as `[demo]`) are not settings and are left out."""
    file = path / "job.toml" if path.is_dir() else path
    if not file.exists():
        raise UsageError(f"no {file.name} at {file.parent}: write one with at least name and school")
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file.name} is not TOML: {error}") from None
    except OSError as error:
        raise UsageError(f"{file.name} cannot be read: {error.strerror or type(error).__name__}") from None
    settings = {k: v for k, v in content.items() if not isinstance(v, dict)}
    unknown = sorted(set(settings) - set(columns_of("jobs")))
    if unknown:
        raise UsageError(f"{file.name}: a job has no setting {', '.join(unknown)}")
    return {k: str(v) if not isinstance(v, bool | int) else v for k, v in settings.items()}
