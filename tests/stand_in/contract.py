"""Every request to the stand-in and every answer of it, held against Stripe's own OpenAPI document (a pruned copy, October 2025).

A form's texts become what the document says they are, then JSON Schema judges. A parameter that Stripe does not know is a fault.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from jsonschema import Draft7Validator

DOCUMENT = Path(__file__).parent / "openapi" / "stripe.json"


@cache
def _document() -> dict:
    return _with_null(json.loads(DOCUMENT.read_text(encoding="utf-8")))


def _with_null(node: object) -> object:
    """JSON Schema does not know `nullable`: it becomes a choice with null."""
    if isinstance(node, list):
        return [_with_null(n) for n in node]
    if not isinstance(node, dict):
        return node
    plain = {k: _with_null(v) for k, v in node.items() if k != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") is True else plain


def request_faults(method: str, path: str, fields: dict) -> list[str]:
    """What is wrong with a request: unknown call, unknown parameter, value of another type."""
    call = _call(method, path)
    if call is None:
        return [f"{method} {path}: Stripe has no such call"]
    if method == "get":
        known = {p["name"]: p["schema"] for p in call["parameters"] if p["in"] == "query"}
        schema: dict = {"type": "object", "properties": known, "additionalProperties": False}
    else:
        schema = call["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
    typed = {k: _typed(v, schema["properties"].get(k, {})) for k, v in fields.items()}
    return _faults(f"{method} {path}", typed, schema)


def answer_faults(method: str, path: str, status: int, body: dict) -> list[str]:
    """What is wrong with an answer."""
    call = _call(method, path)
    if call is None:
        return [] if status == 404 else [f"{method} {path}: Stripe has no such call"]
    said = call["responses"].get(str(status), call["responses"]["default"])
    return _faults(f"{method} {path} → {status}", body, said["content"]["application/json"]["schema"])


def object_faults(told: dict) -> list[str]:
    """What is wrong with what stands inside an object of a list: an expanded source, the thing of an event."""
    inside = (told.get("source"), (told.get("data") or {}).get("object") if told.get("object") == "event" else None)
    faults = []
    for inner in inside:
        if isinstance(inner, dict):
            name = str(inner.get("object"))
            schema = _document()["components"]["schemas"].get(name)
            faults += _faults(f"{name} inside", inner, schema) if schema else [f"{name}: Stripe has no such object"]
    return faults


def _call(method: str, path: str) -> dict | None:
    for known, methods in _document()["paths"].items():
        if method in methods and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", known), path):
            return methods[method]
    return None


def _typed(value: object, schema: dict) -> object:
    kinds = {schema.get("type"), *(s.get("type") for s in schema.get("anyOf", []))}
    if isinstance(value, str) and "integer" in kinds and re.fullmatch(r"-?\d+", value):
        return int(value)
    if isinstance(value, str) and "boolean" in kinds and value in ("true", "false"):
        return value == "true"
    if isinstance(value, dict) and "array" in kinds:
        return list(value.values())
    if isinstance(value, dict):
        fields = {k: v for s in (schema, *schema.get("anyOf", [])) for k, v in s.get("properties", {}).items()}
        return {k: _typed(v, fields.get(k, {})) for k, v in value.items()}
    return value


def _faults(where: str, value: object, schema: dict) -> list[str]:
    judge = Draft7Validator({**schema, "components": _document()["components"]})
    return [f"{where}: {'.'.join(map(str, e.absolute_path)) or 'the whole'}: {e.message[:200]}" for e in judge.iter_errors(value)]
