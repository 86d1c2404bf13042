# SPDX-License-Identifier: Apache-2.0
"""The document of the API: that it is served, is strict, has the key table, and is what docs/api.md is made from. Whether
answers are as it says is judged wherever the tests get one: harness/openapi.py."""
import copy
import json
import re
import subprocess
import sys
import tomllib

import pytest

from harness import openapi
from harness.daemon import ROOT, run_tcpctld
from harness.web import Answer

CONFIG = """
[listeners.web]
listen = "127.0.0.1:0"
service = "dialog"
[clients.check]
connect = "127.0.0.1:1"
mode = "keep"
"""
KEYWORDS = {"$ref", "type", "oneOf", "enum", "properties", "required", "additionalProperties", "items", "minimum", "maximum",
            "minItems", "maxItems", "minLength", "maxLength", "format", "description", "default", "contentEncoding",
            "x-type", "x-bounds", "x-secret"}
CONFIGURATION = {"Config", "ListenerConfig", "ClientConfig", "ListenerPatch", "ClientPatch"}


@pytest.fixture(scope="module")
def daemon(launch_shared):
    return launch_shared("", listen_http=True)


@pytest.fixture
def document():
    return openapi.document()


def named(document, reference):
    return document.schemas[reference["$ref"].removeprefix(openapi.SCHEMAS)]


def answered(document):
    """The names of the schemas that answers are made of, but for the configuration's."""
    found = set()
    waiting = [part["$ref"] for operations in document.text["paths"].values() for operation in operations.values()
               for part in openapi.parts_of(operation["responses"]) if "$ref" in part]
    while waiting:
        name = waiting.pop().removeprefix(openapi.SCHEMAS)
        if name not in found | CONFIGURATION:
            found.add(name)
            waiting += [part["$ref"] for part in openapi.parts_of(document.schemas[name]) if "$ref" in part]
    return found


# --- what is served -------------------------------------------------------------------------------

@pytest.mark.quick
def test_the_daemon_serves_the_document_that_answers_are_held_against(daemon, document):
    assert daemon.json("/v1/openapi.json") == document.text
    assert daemon.web("GET", "/v1/openapi.json").json == document.text


def test_the_documentation_is_made_from_it(document):
    made = subprocess.run([sys.executable, ROOT / "script/lib/api_docs.py"], input=json.dumps(document.text), text=True,
                          capture_output=True, check=True).stdout

    assert (ROOT / "docs/api.md").read_text() == made, "docs/api.md is old: run script/api-docs BUILD"


# --- that it is strict ----------------------------------------------------------------------------

def test_it_says_nothing_that_a_validator_would_pass_over(document):
    used = {keyword for schema in document.schemas.values() for part in openapi.parts_of(schema) for keyword in part}
    assert used <= KEYWORDS


def test_every_object_in_an_answer_names_its_members_or_is_a_map(document):
    loose = [(name, part) for name in answered(document) for part in openapi.parts_of(document.schemas[name])
             if "object" in part.get("type", ()) and part.get("additionalProperties", True) is True]
    assert loose == []


def test_every_member_of_an_answer_is_always_there(document):
    """But for `errors` of a problem."""
    absent = [(name, member) for name in answered(document) for part in openapi.parts_of(document.schemas[name])
              for member in part.get("properties", ()) if member not in part.get("required", ())]
    assert set(absent) <= {("Problem", "errors")}


def every_change(value, at=()):
    """Copies of `value` with a member less, a member more, or a value of another type; with where that is."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield (*at, "-", name), {key: each for key, each in value.items() if key != name}
            for place, changed in every_change(member, (*at, name)):
                yield place, {**value, name: changed}
        yield (*at, "+"), {**value, "unheard_of": 1}
    elif isinstance(value, list):
        for place, changed in every_change(value[0], (*at, 0)) if value else ():
            yield place, [changed, *value[1:]]
    yield at, [[]]


@pytest.mark.parametrize(("path", "schema", "maps"), [
    ("/v1/listeners/web", "Listener", {"closes_by_reason", "config"}),
    ("/v1/clients/check", "Client", {"closes_by_reason", "config", "failures_total", "results_total"}),
    ("/v1/history?limit=1", "ConnectionList", set()),
])
def test_an_answer_that_is_changed_anywhere_is_noticed(launch, document, path, schema, maps):
    daemon = launch(CONFIG)
    with daemon.connect("web") as peer:
        name = peer.name
    daemon.ended(name)
    answer = daemon.json(path)

    assert document.misfit(schema, answer) is None
    unnoticed = [place for place, changed in every_change(answer)
                 if not maps & set(place) and document.misfit(schema, changed) is None]
    assert unnoticed == []


@pytest.mark.parametrize(("method", "target", "change", "words"), [
    ("GET", "/v1/nothing", {}, "no such route"),
    ("POST", "/v1/log/level", {}, "no such route"),
    ("GET", "/v1/log/level", {"headers": {"content-type": "text/plain"}}, "Content-Type"),
    ("GET", "/v1/log/level", {"body": b'{"level": "loud"}'}, "/level: 'loud' is not one of"),
    ("GET", "/v1/log/level", {"body": b'{"level": "info", "x": 1}'}, "Additional properties are not allowed"),
    ("GET", "/v1/log/level", {"body": b"{}"}, "'level' is a required property"),
    ("GET", "/v1/log/level?x=1", {}, "no parameter is called x"),
    ("GET", "/v1/log/level", {"status": 409}, "Content-Type"),
    ("PUT", "/v1/log/level", {"sent": b'{"loudness": "info"}'}, "a body was taken that is none"),
])
def test_what_is_not_in_the_document_fails(document, method, target, change, words):
    change = dict(change)
    sent = change.pop("sent", None)
    answer = Answer(**{"status": 200, "headers": {"content-type": "application/json"}, "body": b'{"level": "info"}',
                       **change})

    with pytest.raises(AssertionError, match=re.escape(f"{method} {target}, {answer.status}: ")) as failed:
        document.judge(method, target, answer, sent)
    assert words in str(failed.value)


# --- the configuration ----------------------------------------------------------------------------

def keys_of(document, schema, path="", is_required=False):
    """(path, schema, whether it is required) of each key, with paths as --print-keys has them."""
    if "$ref" in schema:
        yield from keys_of(document, named(document, schema), path, is_required)
    elif "x-type" in schema:
        yield path, schema, is_required
    elif "oneOf" in schema:
        lists = [each["items"] for each in schema["oneOf"] if each.get("type") == "array"]
        for each in lists or schema["oneOf"]:
            yield from keys_of(document, each, path + "[]" if lists else path, is_required)
    elif isinstance(schema["additionalProperties"], dict):
        yield from keys_of(document, schema["additionalProperties"], path + ".*")
    else:
        for name, member in schema.get("properties", {}).items():
            yield from keys_of(document, member, f"{path}.{name}".lstrip("."), name in schema.get("required", ()))


def line_of(schema, is_required):
    """Type, default, bounds and help as --print-keys has them."""
    default = schema.get("default")
    shown = "-" if default is None else default if isinstance(default, str) else json.dumps(default)
    one = schema["oneOf"][0] if "oneOf" in schema else schema
    return [("list of " if "oneOf" in schema else "") + schema["x-type"], "(required)" if is_required else shown,
            "|".join(one.get("enum", ())) or schema.get("x-bounds", "-"), schema.get("description", "")]


def test_every_key_of_the_configuration_is_in_it_as_the_key_table_has_it(document):
    printed = {}
    for line in run_tcpctld("--print-keys").stdout.splitlines()[1:]:
        key, kind, _unit, default, bounds, text = re.split("  +", line, 5)
        printed[key] = [kind, json.loads(default) if default.startswith('"') else default, bounds, text]

    described = {path: line_of(schema, needed) for path, schema, needed in keys_of(document, document.schemas["Config"])}

    assert described == printed


@pytest.mark.parametrize("change", [
    None, ("listeners", "web", {"listen": "127.0.0.1:0"}), ("daemon", "workers", -1), ("daemon", "wokers", 1),
    ("clients", "c", {"connect": "127.0.0.1:1", "mode": "none"}),
    ("listeners", "web", {"listen": ["127.0.0.1:0"], "service": "echo", "echo": {"x": 1}}),
    ("listeners", "web", {"listen": [], "service": "echo"}),
])
def test_a_configuration_fits_if_nothing_in_it_was_changed(document, change):
    config = tomllib.loads((ROOT / "etc/tcpctld.toml").read_text())
    if change:
        table, name, value = change
        config = copy.deepcopy(config)
        config.setdefault(table, {})[name] = value

    assert (document.misfit("Config", config) is None) == (change is None)
