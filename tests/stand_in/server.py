"""Our own stand-in for Stripe, run as a process: the calls that refunds and reading the account need, with every fault a network and a server can have.

    python -m tests.stand_in.server        prints its port, then serves until it is ended

Under `/v1/` it speaks as Stripe does. Under `/control/` a test seeds it and tells it what to do (JSON): see `_control`.
Every request and every answer is held against Stripe's OpenAPI document; what is against it is told by every control answer.
Faults of the next refunds.create, one each: none, lost_before, lost_after, 500_before, 500_after, 429, 409, slow, late, pending.
Faults of the next reads, one each: none, 429, 500, lost. Its clock is the `Date` of its answers.
"""

from __future__ import annotations

import json
import socket
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.stand_in.contract import answer_faults, object_faults, request_faults
from tests.stand_in.lists import page, rows_of
from tests.stand_in.stripe_account import LATE_S, Account, Refusal

SLOW_S = 0.4
ARGUMENTS = {"charge": "charge_id", "refund": "refund_id"}


def nested(pairs: list[tuple[str, str]]) -> dict:
    """A form as Stripe's library writes it (`metadata[job]=x`) as a nested dict."""
    out: dict = {}
    for name, value in pairs:
        first, *rest = name.replace("]", "").split("[")
        at = out
        for part in (first, *rest)[:-1]:
            at = at.setdefault(part, {})
        at[(first, *rest)[-1]] = value
    return out


class Handler(BaseHTTPRequestHandler):
    """One request. The account belongs to the server."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: StandIn

    def log_message(self, *_: object) -> None:
        """Nothing is written: a request may hold a key."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The account's time, not this machine's."""
        return formatdate(self.server.account.now if timestamp is None else timestamp, usegmt=True)

    def do_GET(self) -> None:
        """Retrieve or list."""
        parts = urlsplit(self.path)
        asked = nested(parse_qsl(parts.query))
        self._hold_against(request_faults("get", parts.path, asked))
        try:
            self._read(parts.path.strip("/").split("/")[1:], asked)
        except Refusal as refusal:
            self._answer(refusal.status, refusal.body)

    def do_POST(self) -> None:
        """Make a refund, or do what a test says."""
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if self.path.startswith("/control/"):
            self._answer(200, self._control(self.path.rsplit("/", 1)[1], json.loads(text or "{}")))
            return
        fields = nested(parse_qsl(text))
        self._hold_against(request_faults("post", self.path, fields))
        try:
            self._refund(fields, self.headers.get("Idempotency-Key"))
        except Refusal as refusal:
            self._answer(refusal.status, refusal.body)

    # --- what Stripe does --------------------------------------------------------------------------------------------------

    def _read(self, path: list[str], asked: dict) -> None:
        account = self.server.account
        with account.lock:
            kept = rows_of(account)
            name = "/".join(path) if "/".join(path) in kept else "/".join(path[:-1])
            fault = account.read_faults.pop(0) if account.read_faults else "none"
            account.asked[name] += 1
            if fault == "lost":
                self._break_off()
                return
            if fault != "none":
                raise Refusal(int(fault), *(("invalid_request_error", "rate_limit") if fault == "429" else ("api_error",)))
            if name not in kept:
                raise Refusal(404, "invalid_request_error")
            answer = page(account, name, kept[name], asked) if name == "/".join(path) else self._one(next((r for r in kept[name] if r["id"] == path[-1]), None))
            text = json.loads(json.dumps(answer))
        self._answer(200, text)

    def _one(self, row: dict | None) -> dict:
        if row is None:
            raise Refusal(404, "invalid_request_error", "resource_missing", "id")
        return row

    def _refund(self, body: dict, key: str | None) -> None:
        account = self.server.account
        with account.lock:
            account.posts += 1
            fault = account.faults.pop(0) if account.faults else "none"
        if fault == "slow":
            time.sleep(SLOW_S)
        if fault == "429":
            raise Refusal(429, "invalid_request_error", "rate_limit")
        if fault == "409":
            raise Refusal(409, "idempotency_error", "idempotency_key_in_use")
        if fault in ("lost_before", "late"):
            if fault == "late":
                account.late.append((account.now + LATE_S, body, key))
            self._break_off()
        elif fault == "500_before":
            self._answer(*account.fail_under(body, key))
        else:
            status, answer = account.create(body, key, pending=fault == "pending", broken=fault == "500_after")
            self._break_off() if fault == "lost_after" else self._answer(status, answer)

    # --- inside ----------------------------------------------------------------------------------------------------------------

    def _control(self, what: str, said: dict) -> dict:
        account = self.server.account
        with account.lock:
            if what == "reset":
                self.server.account = Account()
                self.server.account.balance.is_live = said.get("is_live", False)
            elif what == "charge":
                account.charge(said.pop("id"), said.pop("amount"), **said)
            elif what == "refund":
                account.create({k: str(v) for k, v in said.items() if k != "pending"}, None, pending=said.get("pending", False))
            elif what in ("faults", "read_faults", "mixed_events"):
                setattr(account, what, said["faults"] if "faults" in said else said["is_so"])
            elif what in ("move", "settle", "dispute", "season"):
                getattr(account, what)(**{ARGUMENTS.get(k, k): v for k, v in said.items()})
            elif what == "dispute_moved":
                account.balance.dispute_moved(account.find(said["id"]) or {}, said["status"], account.now)
            elif what == "pay_out":
                account.balance.pay_out(account.now, **said)
            elif what == "forget_events":
                account.balance.events = [e for e in account.balance.events if e["type"] not in said["types"]]
            elif what == "payout_moved":
                account.balance.payout_moved(said["status"], account.now)
            told = {"refunds": account.refunds, "posts": account.posts, "now": account.now, "asked": account.asked, "against_the_contract": self.server.faults}
            return told | ({"account": {n: list(rows) for n, rows in rows_of(account).items()}, "paid_out": account.balance.paid_out} if what == "account" else {})

    def _hold_against(self, faults: list[str]) -> None:
        self.server.faults += faults

    def _answer(self, status: int, body: dict) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/v1/"):
            self._hold_against(answer_faults(self.command.lower(), path, status, body))
            self._hold_against([fault for told in body.get("data", []) for fault in object_faults(told)])
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        try:
            self.wfile.write(text)
        except OSError:
            self.close_connection = True  # whoever asked was killed

    def _break_off(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


class StandIn(ThreadingHTTPServer):
    """The server with its account."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.account = Account()
        self.faults: list[str] = []


if __name__ == "__main__":
    with StandIn() as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
