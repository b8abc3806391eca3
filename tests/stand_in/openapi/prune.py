"""Cut Stripe's OpenAPI document down to the calls that the stand-in has: python -m tests.stand_in.openapi.prune SPEC.json > stripe.json

What a kept schema points to is kept one step deep; anything beyond may be anything. Descriptions are left out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

READ, MADE = ["get"], ["get", "post"]
PATHS = {
    "/v1/balance_transactions": READ, "/v1/charges/{charge}": READ, "/v1/checkout/sessions": READ, "/v1/checkout/sessions/{session}": READ, "/v1/disputes": READ,
    "/v1/disputes/{dispute}": READ, "/v1/events": READ, "/v1/payment_intents": READ, "/v1/payment_intents/{intent}": READ, "/v1/payouts": READ,
    "/v1/payouts/{payout}": READ, "/v1/refunds": MADE, "/v1/refunds/{refund}": READ,
}  # fmt: skip
SCHEMAS = {"balance_transaction", "charge", "checkout.session", "event", "fee", "notification_event_data", "payment_intent", "payout", "refund", "dispute", "error",
           "api_errors", "billing_details"}  # fmt: skip
DROPPED = {"description", "title", "x-expandableFields", "x-expansionResources", "x-resourceId", "summary", "operationId", "x-stripeBypassValidation"}


def pruned(spec: dict) -> dict:
    """The document with these paths and schemas alone."""
    paths = {p: {m: _without(spec["paths"][p][m]) for m in methods} for p, methods in PATHS.items()}
    schemas = {name: _without(spec["components"]["schemas"][name]) for name in sorted(SCHEMAS)}
    info = {k: spec["info"][k] for k in ("title", "version")}
    return {"openapi": spec["openapi"], "info": info, "paths": paths, "components": {"schemas": schemas}}


def _without(node: object, *, is_names: bool = False) -> object:
    """A part without words; `is_names`: its keys are names of fields, which may be called as the words are."""
    if isinstance(node, list):
        return [_without(n) for n in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node and node["$ref"].rsplit("/", 1)[1] not in SCHEMAS:
        return {}
    return {k: _without(v, is_names=k == "properties" and not is_names) for k, v in node.items() if is_names or k not in DROPPED}


if __name__ == "__main__":
    print(json.dumps(pruned(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), indent=1, sort_keys=True))
