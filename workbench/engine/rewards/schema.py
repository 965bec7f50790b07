"""JSON against a JSON Schema: the assertions of draft 2020-12 that answers of models are held to.

Owns which keywords are known and what each demands. Must not know completions. A keyword it does not know is refused
before anything is judged, never passed over; references lead only within the schema. Patterns may take long, so that
this runs in a limited child.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from workbench.core.errors import UsageError
from workbench.core.text import one_line

_DEEPEST = 100

Schema = Mapping[str, Any] | bool

_TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "integer": lambda value: _TYPES["number"](value) and value == math.floor(value),
}


def _same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal; true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return bool(one == other)


def _multiple(value: float, step: float) -> bool:
    ratio = value / step
    return math.isfinite(ratio) and abs(ratio - round(ratio)) < 1e-9


_NUMBERS: dict[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: value >= bound,
    "maximum": lambda value, bound: value <= bound,
    "exclusiveMinimum": lambda value, bound: value > bound,
    "exclusiveMaximum": lambda value, bound: value < bound,
    "multipleOf": _multiple,
}
_SIZES: dict[str, tuple[Any, bool]] = {
    "minLength": (str, False), "maxLength": (str, True), "minItems": (list, False), "maxItems": (list, True),
    "minProperties": (dict, False), "maxProperties": (dict, True),
}  # fmt: skip
_NOTES = frozenset({
    "$schema", "$id", "$comment", "title", "description", "default", "examples", "format", "deprecated", "readOnly",
    "writeOnly", "$defs", "definitions", "$anchor", "contentEncoding", "contentMediaType",
})  # fmt: skip
"""Keywords that say something and demand nothing, as the standard has it for `format` too."""
_ONE_SCHEMA = ("additionalProperties", "items", "contains", "propertyNames", "not", "if", "then", "else")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_TABLES = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_OTHERS = frozenset({
    "$ref", "type", "enum", "const", "required", "uniqueItems", "pattern", "dependentRequired", "minContains",
    "maxContains",
})  # fmt: skip
_KNOWN = _NOTES | _OTHERS | {*_NUMBERS, *_SIZES, *_ONE_SCHEMA, *_LISTS, *_TABLES}


class Checker:
    """A schema that values are held against; raises UsageError for a schema that cannot be followed."""

    def __init__(self, schema: Any) -> None:
        self._root = schema
        self._check(schema, 0)

    def _wrong(self, what: str) -> UsageError:
        return UsageError(f"The JSON schema {what}; correct it.")

    def _check(self, schema: Any, depth: int) -> None:
        """Look at every part of the schema once."""
        if isinstance(schema, bool):
            return
        if not isinstance(schema, dict) or depth > _DEEPEST:
            raise self._wrong("holds something where a schema belongs" if depth <= _DEEPEST else "is nested too deeply")
        if unknown := sorted(map(str, schema.keys() - _KNOWN)):
            raise UsageError(
                f"The JSON schema uses {one_line(unknown[0], 40)!r}, which is not supported; do without it."
            )
        self._check_values(schema)
        for name in _ONE_SCHEMA:
            if name in schema:
                self._check(schema[name], depth + 1)
        for name in _LISTS:
            parts = schema.get(name, [])
            if not isinstance(parts, list):
                raise self._wrong(f"needs a list under {name}")
            for part in parts:
                self._check(part, depth + 1)
        for name in _TABLES:
            table = schema.get(name, {})
            if not isinstance(table, dict):
                raise self._wrong(f"needs an object under {name}")
            for part in table.values():
                self._check(part, depth + 1)

    def _check_values(self, schema: Mapping[str, Any]) -> None:
        """Look at what is no schema itself."""
        kinds = schema.get("type", [])
        for kind in kinds if isinstance(kinds, list) else [kinds]:
            if not isinstance(kind, str) or kind not in _TYPES:
                raise self._wrong(f"names a type {one_line(str(kind), 40)!r} that JSON does not have")
        for name in (*_NUMBERS, *_SIZES, "minContains", "maxContains"):
            if name in schema and (not _TYPES["number"](schema[name]) or (name == "multipleOf" and schema[name] <= 0)):
                raise self._wrong(f"needs a number under {name}")
        required, enum = schema.get("required", []), schema.get("enum", [])
        if (
            not isinstance(enum, list)
            or not isinstance(required, list)
            or not all(isinstance(x, str) for x in required)
        ):
            raise self._wrong("needs lists under required and enum")
        depending = schema.get("dependentRequired", {})
        if not isinstance(depending, dict) or not all(isinstance(names, list) for names in depending.values()):
            raise self._wrong("needs lists of names under dependentRequired")
        patterns = schema.get("patternProperties", {})
        for pattern in [schema.get("pattern", ""), *(patterns if isinstance(patterns, dict) else ())]:
            try:
                re.compile(pattern)
            except (re.error, TypeError, RecursionError, OverflowError):
                raise self._wrong(f"has a pattern {one_line(str(pattern), 40)!r} that is none") from None
        if "$ref" in schema:
            self._resolve(schema["$ref"])

    def _resolve(self, reference: Any) -> Any:
        """Return the part of the schema a reference points to; raises UsageError for one that leads elsewhere."""
        here = self._root
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            raise self._wrong(f"refers to {one_line(str(reference), 60)!r}, and only parts of itself can be followed")
        for part in reference[2:].split("/") if len(reference) > 1 else ():
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(here, dict) or name not in here:
                raise self._wrong(f"refers to {one_line(reference, 60)!r}, which it does not hold")
            here = here[name]
        return here

    def allows(self, value: Any, schema: Any = None, depth: int = 0) -> bool:
        """Return whether the schema allows a JSON value; one nested too deeply is not allowed."""
        schema = self._root if depth == 0 else schema
        if isinstance(schema, bool):
            return schema
        if depth > _DEEPEST:
            return False

        def allowed(part: Any, by: Any) -> bool:
            return self.allows(part, by, depth + 1)

        if "$ref" in schema and not allowed(value, self._resolve(schema["$ref"])):
            return False
        kinds = schema.get("type")
        if kinds is not None and not any(
            _TYPES[kind](value) for kind in (kinds if isinstance(kinds, list) else [kinds])
        ):
            return False
        if "enum" in schema and not any(_same(value, other) for other in schema["enum"]):
            return False
        if "const" in schema and not _same(value, schema["const"]):
            return False
        return (
            _combined(schema, value, allowed)
            and _sized(schema, value)
            and (not isinstance(value, dict) or _object(schema, value, allowed))
            and (not isinstance(value, list) or _array(schema, value, allowed))
        )


Allowed = Callable[[Any, Any], bool]


def _combined(schema: Mapping[str, Any], value: Any, allowed: Allowed) -> bool:
    """Return whether a value meets the schemas that are put together."""
    if "if" in schema:
        branch = schema.get("then" if allowed(value, schema["if"]) else "else", True)
        if not allowed(value, branch):
            return False
    return (
        all(allowed(value, part) for part in schema.get("allOf", ()))
        and ("anyOf" not in schema or any(allowed(value, part) for part in schema["anyOf"]))
        and ("oneOf" not in schema or sum(allowed(value, part) for part in schema["oneOf"]) == 1)
        and ("not" not in schema or not allowed(value, schema["not"]))
    )


def _sized(schema: Mapping[str, Any], value: Any) -> bool:
    """Return whether a number lies in its bounds, and whatever has a size has a good one and matches its pattern."""
    if _TYPES["number"](value):
        return all(test(value, schema[name]) for name, test in _NUMBERS.items() if name in schema)
    for name, (kind, is_most) in _SIZES.items():
        if name in schema and isinstance(value, kind):
            size = len(value)
            if size > schema[name] if is_most else size < schema[name]:
                return False
    return not isinstance(value, str) or "pattern" not in schema or re.search(schema["pattern"], value) is not None


def _object(schema: Mapping[str, Any], value: Mapping[str, Any], allowed: Allowed) -> bool:
    """Return whether the members of an object are those the schema wants."""
    properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    if any(name not in value for name in schema.get("required", ())):
        return False
    for name, needed in schema.get("dependentRequired", {}).items():
        if name in value and any(other not in value for other in needed):
            return False
    for name, part in schema.get("dependentSchemas", {}).items():
        if name in value and not allowed(value, part):
            return False
    for name, held in value.items():
        parts = [part for pattern, part in patterns.items() if re.search(pattern, name)]
        parts += [properties[name]] if name in properties else []
        parts = parts or [schema.get("additionalProperties", True)]
        if "propertyNames" in schema and not allowed(name, schema["propertyNames"]):
            return False
        if not all(allowed(held, part) for part in parts):
            return False
    return True


def _array(schema: Mapping[str, Any], value: list[Any], allowed: Allowed) -> bool:
    """Return whether the items of a list are those the schema wants."""
    first = schema.get("prefixItems", [])
    if not all(allowed(item, part) for item, part in zip(value, first, strict=False)):
        return False
    if "items" in schema and not all(allowed(item, schema["items"]) for item in value[len(first) :]):
        return False
    if schema.get("uniqueItems") and any(_same(a, b) for place, a in enumerate(value) for b in value[:place]):
        return False
    if "contains" in schema:
        found = sum(allowed(item, schema["contains"]) for item in value)
        return bool(schema.get("minContains", 1) <= found <= schema.get("maxContains", math.inf))
    return True


def _no_constant(name: str) -> Any:
    raise ValueError(name)


_FENCE = re.compile(r"\s*```(?:json)?[ \t]*\n(.*)\n[ \t]*```\s*", re.DOTALL)


def value_in(text: str) -> tuple[bool, Any]:
    """Return (whether a text as a whole, or in one fence, is JSON, its value)."""
    fenced = _FENCE.fullmatch(text)
    try:
        return True, json.loads(fenced[1] if fenced is not None else text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return False, None
