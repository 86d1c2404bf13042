#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/api.md: reads the document of the API, as `tcpctld --print-api` prints it, and prints Markdown."""
import json
import sys

INTRODUCTION = """\
# HTTP API

<!-- Made by script/api-docs from what `tcpctld --print-api` prints; edit the daemon's route table and schemas. -->

`tcpctld` serves this API on its Unix socket and on loopback HTTP. `GET /v1/openapi.json` and `tcpctld --print-api` give
the same as OpenAPI 3.1. Of an answer every field that stands here is there, and no other; what is not known is `null`.
Every answer that the tests receive is held against that. An error is a [Problem](#problem), `application/problem+json`
(RFC 9457). HEAD is answered wherever GET is. In what is sent, durations, sizes, rates and addresses are written as in
the configuration.
"""


def table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def link(name):
    return f"[{name}](#{name.lower()})"


def kind(schema):
    """What a value is, in words."""
    if "$ref" in schema:
        return link(schema["$ref"].rpartition("/")[2])
    if "oneOf" in schema and "type" not in schema:
        return " or ".join(dict.fromkeys(map(kind, schema["oneOf"])))
    if "enum" in schema:
        return " ".join(f"`{json.dumps(word).strip(chr(34))}`" for word in schema["enum"])
    types = schema.get("type", "any")
    return " or ".join(_kind_of_type(each, schema) for each in ([types] if isinstance(types, str) else types))


def _kind_of_type(name, schema):
    if name == "array":
        return f"list of {kind(schema['items'])}"
    if name == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"name → {kind(schema['additionalProperties'])}"
    if name == "string" and "format" in schema:
        return "time"
    return schema.get("x-type", name) if name == "string" else name


def members(schema, path=""):
    """A row for each member, those of objects within it too."""
    for name, member in schema.get("properties", {}).items():
        below = f"{path}.{name}".lstrip(".")
        yield [f"`{below}`", kind(member), notes(member, name in schema.get("required", ()))]
        yield from members(member, below)
    ways = schema.get("oneOf", [])
    for way in [each for each in ways if "items" in each] or ways:  # one of a list is as those in it
        yield from members(way, path)
    if "items" in schema:
        yield from members(schema["items"], path + "[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from members(schema["additionalProperties"], path + ".*")


def notes(member, is_required):
    said = [member.get("description", ""), member.get("x-bounds", ""), bounds(member)]
    if "default" in member:
        said.append(f"default `{json.dumps(member['default'])}`")
    return "; ".join(filter(None, [*said, "" if is_required else "optional"]))


def bounds(member):
    if "x-bounds" in member or "minimum" not in member or "maximum" not in member:
        return ""
    return f"{member['minimum']} .. {member['maximum']}"


def schema_text(name, schema):
    text = f"\n### {name}\n\n"
    if "description" in schema:
        text += f"{schema['description']}.\n\n"
    rows = list(members(schema))
    return text + (table(["field", "type", "what"], rows) if rows else f"{kind(schema)}.\n")


def routes(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            body = operation.get("requestBody", {}).get("content", {})
            query = [f"`{each['name']}`" for each in operation["parameters"] if each["in"] == "query"]
            yield [f"`{method.upper()} {path}`", operation["x-role"], operation["summary"], " ".join(query),
                   media(body), answers(operation["responses"])]


def media(content):
    return ", ".join(kind(each["schema"]) if "$ref" in each["schema"] else name for name, each in content.items())


def answers(responses):
    return "; ".join(media(response["content"]) if status == "200" else f"{status}: {media(response['content'])}"
                     for status, response in responses.items() if status != "default")


def parameters(document):
    found = {}
    for operations in document["paths"].values():
        for operation in operations.values():
            for each in operation["parameters"]:
                if each["in"] != "path":
                    found[each["name"]] = each
    return [[f"`{name}`", kind(each["schema"]), each["description"]] for name, each in found.items()]


def markdown(document):
    parts = [INTRODUCTION, "\n## Routes\n\n", table(["route", "role", "what", "query", "body", "answer"], routes(document)),
             "\n## Parameters\n\n", table(["parameter", "type", "what"], parameters(document)), "\n## Schemas\n"]
    parts += [schema_text(name, schema) for name, schema in document["components"]["schemas"].items()]
    return "".join(parts)


if __name__ == "__main__":
    sys.stdout.write(markdown(json.load(sys.stdin)))
