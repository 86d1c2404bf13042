# SPDX-License-Identifier: Apache-2.0
"""Holds every answer that the tests receive against the document that the daemon serves of its API."""
import bisect
import functools
import json
import re
import subprocess
import urllib.parse

import jsonschema
from jsonschema.exceptions import best_match

from harness.programs import TCPCTLD, environment

PROBLEM = "application/problem+json"
SCHEMAS = "#/components/schemas/"
ANY_PROBLEM = {"content": {PROBLEM: {"schema": {"$ref": SCHEMAS + "Problem"}}}}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
SAMPLE = 4  # rows
BOUNDS = ("minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength")


@functools.cache
def document():
    """What this build of the daemon serves at /v1/openapi.json; test_openapi.py sees to it that it does."""
    printed = subprocess.run([TCPCTLD, "--print-api"], capture_output=True, check=True, timeout=60, env=environment())
    return Document(json.loads(printed.stdout))


def parts_of(schema):
    """Each schema in `schema`, itself included."""
    yield schema
    for name, part in schema.items():
        inner = part.values() if name == "properties" else part if isinstance(part, list) else [part]
        for each in inner:
            if isinstance(each, dict):
                yield from parts_of(each)


def sampled(answer):
    """Of a long list both ends: the tests that poll lists of a thousand would else take several times as long."""
    items = answer.get("items") if isinstance(answer, dict) else None
    if not isinstance(items, list) or len(items) <= 2 * SAMPLE:
        return answer
    return answer | {"items": items[:SAMPLE] + items[-SAMPLE:]}


def _time(_validator, name, value, _schema):
    if name == "date-time" and isinstance(value, str) and not TIME.fullmatch(value):
        yield jsonschema.ValidationError(f"{value!r} is no time in UTC with microseconds")


class Document:
    """Validating one connection takes 10 ms, and tests ask for thousands. So what is valid is remembered by its form:
    all that schemas can tell apart."""

    def __init__(self, text):
        self.text = text
        self.schemas = text["components"]["schemas"]
        self._routes = [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), operations)
                        for path, operations in text["paths"].items()]
        parts = list(parts_of(self.schemas))
        self._words = {word for part in parts for word in part.get("enum", ()) if isinstance(word, str)}
        bounds = sorted({part[name] for part in parts for name in BOUNDS if isinstance(part.get(name), int)})
        self._place = functools.lru_cache(1 << 16)(  # of a number, among them
            lambda number: (bisect.bisect_left(bounds, number), bisect.bisect_right(bounds, number)))
        self._fitting = set()
        self._validator = jsonschema.validators.extend(
            jsonschema.Draft202012Validator, {"$ref": self._reference, "format": _time})

    def judge(self, method, target, answer, sent=None):
        """Fails if the daemon may not answer so. `sent` is the request's body."""
        path, _, query = target.partition("?")
        problem = self._misfit(method, urllib.parse.unquote(path), urllib.parse.parse_qs(query), answer, sent)
        assert problem is None, f"{method} {target}, {answer.status}: {problem} (see tcpctld --print-api)"

    def misfit(self, schema, value):
        """Where and why `value` is none of `schema`, the name of one or one itself; None if it is."""
        if isinstance(schema, str):
            schema = {"$ref": SCHEMAS + schema}
        error = best_match(self._validator(schema).iter_errors(value))
        return error and f"/{'/'.join(map(str, error.absolute_path))}: {error.message[:500]}"

    def _misfit(self, method, path, query, answer, sent):
        operation = self._operation(method, path)
        if operation is None and answer.status < 400:
            return "no such route"
        responses = operation["responses"] if operation else {"default": ANY_PROBLEM}
        response = responses.get(str(answer.status), responses["default"])
        media = answer.headers.get("content-type", "").partition(";")[0]
        if media not in response["content"]:
            return f"Content-Type {media!r} instead of {', '.join(response['content'])}"
        if answer.status == 200 and (wrong := self._wrong_request(operation, query, sent)):
            return wrong
        if method == "HEAD" or not media.endswith("json"):
            return None
        if media == PROBLEM and answer.json["status"] != answer.status:
            return f"/status: {answer.json['status']}"
        return self.misfit(response["content"][media]["schema"], sampled(answer.json))

    def _operation(self, method, path):
        wanted = "get" if method == "HEAD" else method.lower()
        return next((operations[wanted] for form, operations in self._routes
                     if wanted in operations and form.fullmatch(path)), None)

    def _wrong_request(self, operation, query, sent):
        """What was taken and is not described."""
        unknown = set(query) - {each["name"] for each in operation["parameters"]}
        if unknown:
            return f"no parameter is called {', '.join(sorted(unknown))}"
        if not sent or "requestBody" not in operation:
            return None
        wrong = self.misfit(operation["requestBody"]["content"]["application/json"]["schema"], json.loads(sent))
        return wrong and f"a body was taken that is none: {wrong}"

    def _reference(self, validator, name, value, _schema):
        known = hash((name, self._form(value)))  # a page of the history is too long to be kept itself
        if known in self._fitting:
            return
        errors = list(validator.descend(value, self.schemas[name.removeprefix(SCHEMAS)]))
        if not errors:
            self._fitting.add(known)
        yield from errors

    def _form(self, value):
        kind = type(value)
        if kind is str:
            if value in self._words:
                return value
            return self._place(len(value)), len(value) == 27 and TIME.fullmatch(value) is not None
        if kind is dict:
            return tuple(value), tuple(map(self._form, value.values()))
        if kind is list:
            return self._place(len(value)), frozenset(map(self._form, value))
        return (kind, self._place(value)) if kind in (int, float) else kind
