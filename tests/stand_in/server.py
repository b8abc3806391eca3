"""Our own stand-in for Stripe, run as a process: the calls that refunds need, with every fault a network and a server can have.

    python -m tests.stand_in.server        prints its port, then serves until it is ended

Under `/v1/` it speaks as Stripe does. Under `/control/` a test seeds it and tells it what to do (JSON): charge, faults, move, settle, dispute, state.
Every request and every answer is held against Stripe's OpenAPI document; what is against it is told by every control answer.
Faults of the next refunds.create, one each: none, lost_before, lost_after, 500_before, 500_after, 429, 409, slow, late, pending.
"""

from __future__ import annotations

import json
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.stand_in.contract import answer_faults, request_faults
from tests.stand_in.stripe_account import LATE_S, Account, Refusal

SLOW_S = 0.4


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

    def do_GET(self) -> None:
        """Retrieve or list."""
        parts = urlsplit(self.path)
        self._hold_against(request_faults("get", parts.path, nested(parse_qsl(parts.query))))
        try:
            self._answer(200, self._read(parts.path.strip("/").split("/")[1:], dict(parse_qsl(parts.query))))
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

    def _read(self, path: list[str], query: dict[str, str]) -> dict:
        account = self.server.account
        with account.lock:
            if path[0] == "charges" and len(path) == 2:
                return self._one(account.charges.get(path[1]))
            if path[0] == "payment_intents" and len(path) == 2:
                charge = next((c for c in account.charges.values() if c["payment_intent"] == path[1]), None)
                return self._one(charge and {"id": path[1], "object": "payment_intent", "amount": charge["amount"], "currency": charge["currency"],
                                             "latest_charge": charge["id"], "status": "succeeded", "created": charge["created"], "livemode": False,
                                             "capture_method": "automatic", "confirmation_method": "automatic", "payment_method_types": ["card"], "metadata": {}})  # fmt: skip
            if path[0] == "refunds" and len(path) == 2:
                return self._one(next((r for r in account.refunds if r["id"] == path[1]), None))
            rows = {"refunds": account.refunds, "disputes": account.disputes}.get(path[0])
            if rows is None or len(path) != 1:
                raise Refusal(404, "invalid_request_error")
            return self._list(path[0], [r for r in reversed(rows) if query.get("charge") in (None, r["charge"])], query)

    def _one(self, row: dict | None) -> dict:
        if row is None:
            raise Refusal(404, "invalid_request_error", "resource_missing", "id")
        return row

    def _list(self, name: str, rows: list[dict], query: dict[str, str]) -> dict:
        start = next((n + 1 for n, r in enumerate(rows) if r["id"] == query.get("starting_after")), 0)
        limit = int(query.get("limit", 10))
        return {"object": "list", "url": f"/v1/{name}", "data": rows[start : start + limit], "has_more": len(rows) > start + limit}

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
            elif what == "charge":
                account.charge(said["id"], said["amount"], said.get("currency", "usd"))
            elif what == "faults":
                account.faults = list(said["faults"])
            elif what == "move":
                account.move(said["seconds"])
            elif what == "settle":
                account.settle(said["status"])
            elif what == "dispute":
                account.dispute(said["charge"], said["status"])
            return {"refunds": account.refunds, "posts": account.posts, "now": account.now, "against_the_contract": self.server.faults}

    def _hold_against(self, faults: list[str]) -> None:
        self.server.faults += faults

    def _answer(self, status: int, body: dict) -> None:
        path = urlsplit(self.path).path
        if path.startswith("/v1/"):
            self._hold_against(answer_faults(self.command.lower(), path, status, body))
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
