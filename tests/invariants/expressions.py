"""DynamoDB's condition and update expressions, as far as PynamoDB writes them.

Every name and value is a placeholder (`#0`, `:0`); a path (`#0.#1`) leads through maps. What is
not known raises, so that the simulation never guesses.
"""

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

Value = Mapping[str, Any]
"""An attribute as the wire has it: `{"S": "text"}`."""

Item = dict[str, Value]
Names = Mapping[str, str]
Values = Mapping[str, Value]
Operand = Callable[[Item, Names, Values], Value | None]
Condition = Callable[[Item, Names, Values], bool]
Change = Callable[[Item, Item, Names, Values], None]
"""Reads the old item, writes the new one."""

TOKEN = re.compile(r"\s*(<=|>=|<>|[()=<>,+-]|#\w+(?:\.#\w+)*|:\w+|\w+)")
COMPARED = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def plain(value: Value) -> Any:
    """Return an attribute as something that compares as DynamoDB does."""
    ((kind, said),) = value.items()
    if kind == "N":
        return Decimal(said)
    if kind in ("SS", "NS", "BS"):
        return frozenset(said)
    if kind == "L":
        return [plain(one) for one in said]
    if kind == "M":
        return {name: plain(one) for name, one in said.items()}
    return said


class _Tokens:
    def __init__(self, text: str) -> None:
        self.left = TOKEN.findall(text)[::-1]

    def peek(self) -> str:
        return self.left[-1] if self.left else ""

    def take(self, *wanted: str) -> str:
        token = self.left.pop()
        if wanted and token not in wanted:
            raise ValueError(f"{wanted} expected, {token!r} found")
        return str(token)

    def met(self, word: str) -> bool:
        if self.peek() == word:
            self.left.pop()
            return True
        return False


@cache
def condition(text: str) -> Condition:
    """Return the meaning of a condition, key condition or filter."""
    tokens = _Tokens(text)
    meaning = _either(tokens)
    if tokens.left:
        raise ValueError(f"not understood: {text}")
    return meaning


def _either(tokens: _Tokens) -> Condition:
    one = _both(tokens)
    while tokens.met("OR"):
        one = _or(one, _both(tokens))
    return one


def _both(tokens: _Tokens) -> Condition:
    one = _single(tokens)
    while tokens.met("AND"):
        one = _and(one, _single(tokens))
    return one


def _or(one: Condition, other: Condition) -> Condition:
    return lambda item, names, values: one(item, names, values) or other(item, names, values)


def _and(one: Condition, other: Condition) -> Condition:
    return lambda item, names, values: one(item, names, values) and other(item, names, values)


def _single(tokens: _Tokens) -> Condition:
    if tokens.met("NOT"):
        inner = _single(tokens)
        return lambda item, names, values: not inner(item, names, values)
    if tokens.met("("):
        inner = _either(tokens)
        tokens.take(")")
        return inner
    if tokens.peek() in FUNCTIONS:
        return FUNCTIONS[tokens.take()](*_arguments(tokens))
    return _comparison(_operand(tokens), tokens)


def _arguments(tokens: _Tokens) -> list[Operand]:
    tokens.take("(")
    found = [_operand(tokens)]
    while tokens.met(","):
        found.append(_operand(tokens))
    tokens.take(")")
    return found


def _comparison(left: Operand, tokens: _Tokens) -> Condition:
    if tokens.met("BETWEEN"):
        low = _operand(tokens)
        tokens.take("AND")
        return _and(_compared(">=", left, low), _compared("<=", left, _operand(tokens)))
    if tokens.met("IN"):
        among = [_compared("=", left, one) for one in _arguments(tokens)]
        return lambda item, names, values: any(one(item, names, values) for one in among)
    return _compared(tokens.take(*COMPARED), left, _operand(tokens))


def _compared(sign: str, left: Operand, right: Operand) -> Condition:
    compare = COMPARED[sign]

    def holds(item: Item, names: Names, values: Values) -> bool:
        one, other = left(item, names, values), right(item, names, values)
        if one is None or other is None:
            return sign == "<>"
        if one.keys() != other.keys():
            return sign == "<>"
        return bool(compare(plain(one), plain(other)))

    return holds


def _operand(tokens: _Tokens) -> Operand:
    token = tokens.take()
    if token.startswith("#"):
        return lambda item, names, _values: _found(item, token, names)
    if token.startswith(":"):
        return lambda _item, _names, values: values[token]
    if token == "size":
        (inner,) = _arguments(tokens)
        return lambda item, names, values: _size(inner(item, names, values))
    raise ValueError(f"no operand: {token!r}")


def _found(item: Item, path: str, names: Names) -> Value | None:
    """Return what stands at a path of an item, or None."""
    found: Value | None = {"M": item}
    for name in path.split("."):
        found = found.get("M", {}).get(names[name]) if found else None
    return found


def _put(item: Item, path: str, names: Names, value: Value) -> None:
    """Put a value at a path; the map that it goes into must be there, and is copied."""
    *outer, last = (names[name] for name in path.split("."))
    for name in outer:
        if "M" not in item.get(name, {}):
            raise ValueError("the document path of an update is not there")
        item[name] = {"M": dict(item[name]["M"])}
        item = item[name]["M"]
    item[last] = value


def _size(value: Value | None) -> Value | None:
    return None if value is None else {"N": str(len(next(iter(value.values()))))}


def _exists(path: Operand) -> Condition:
    return lambda item, names, values: path(item, names, values) is not None


def _not_exists(path: Operand) -> Condition:
    return lambda item, names, values: path(item, names, values) is None


def _begins(path: Operand, prefix: Operand) -> Condition:
    def holds(item: Item, names: Names, values: Values) -> bool:
        whole, start = path(item, names, values), prefix(item, names, values)
        return bool(whole and start and plain(whole).startswith(plain(start)))

    return holds


def _contains(path: Operand, part: Operand) -> Condition:
    def holds(item: Item, names: Names, values: Values) -> bool:
        whole, one = path(item, names, values), part(item, names, values)
        return bool(whole and one and plain(one) in plain(whole))

    return holds


def _is_type(path: Operand, kind: Operand) -> Condition:
    def holds(item: Item, names: Names, values: Values) -> bool:
        value, wanted = path(item, names, values), kind(item, names, values)
        return bool(value and wanted and next(iter(value)) == wanted["S"])

    return holds


FUNCTIONS: Mapping[str, Callable[..., Condition]] = {
    "attribute_exists": _exists,
    "attribute_not_exists": _not_exists,
    "attribute_type": _is_type,
    "begins_with": _begins,
    "contains": _contains,
}

# Updates -----------------------------------------------------------------------------------


@cache
def update(text: str) -> Callable[[Item, Names, Values], Item]:
    """Return the meaning of an update expression: the old item in, the new one out."""
    tokens, changes = _Tokens(text), []
    while tokens.left:
        clause = CLAUSES[tokens.take(*CLAUSES)]
        changes.append(clause(tokens))
        while tokens.met(","):
            changes.append(clause(tokens))

    def applied(item: Item, names: Names, values: Values) -> Item:
        new = dict(item)
        for change in changes:
            change(item, new, names, values)
        return new

    return applied


def _set(tokens: _Tokens) -> Change:
    name = tokens.take()
    tokens.take("=")
    value = _sum(tokens)

    def change(old: Item, new: Item, names: Names, values: Values) -> None:
        found = value(old, names, values)
        if found is None:
            raise ValueError("an operand of SET is missing in the item")
        _put(new, name, names, found)

    return change


def _sum(tokens: _Tokens) -> Operand:
    one = _term(tokens)
    if tokens.peek() not in ("+", "-"):
        return one
    sign, other = tokens.take(), _term(tokens)

    def total(item: Item, names: Names, values: Values) -> Value | None:
        left, right = one(item, names, values), other(item, names, values)
        if left is None or right is None:
            return None
        amount = plain(right) if sign == "+" else -plain(right)
        return {"N": str(plain(left) + amount)}

    return total


def _term(tokens: _Tokens) -> Operand:
    if tokens.met("if_not_exists"):
        path, otherwise = _arguments(tokens)
        return lambda item, names, values: (
            path(item, names, values) or otherwise(item, names, values)
        )
    return _operand(tokens)


def _remove(tokens: _Tokens) -> Change:
    name = tokens.take()

    def change(_old: Item, new: Item, names: Names, _values: Values) -> None:
        new.pop(names[name], None)

    return change


def _add(tokens: _Tokens) -> Change:
    name, given = tokens.take(), tokens.take()

    def change(old: Item, new: Item, names: Names, values: Values) -> None:
        before, more = old.get(names[name]), values[given]
        if "N" in more:
            new[names[name]] = {"N": str((plain(before) if before else 0) + plain(more))}
        else:
            kept = set(before["SS"]) if before else set()
            new[names[name]] = {"SS": sorted(kept | set(more["SS"]))}

    return change


def _delete(tokens: _Tokens) -> Change:
    name, given = tokens.take(), tokens.take()

    def change(old: Item, new: Item, names: Names, values: Values) -> None:
        before = old.get(names[name])
        left = sorted(set(before["SS"]) - set(values[given]["SS"])) if before else []
        if left:
            new[names[name]] = {"SS": left}
        else:
            new.pop(names[name], None)  # DynamoDB has no empty sets

    return change


CLAUSES: Mapping[str, Callable[[_Tokens], Change]] = {
    "SET": _set,
    "REMOVE": _remove,
    "ADD": _add,
    "DELETE": _delete,
}
