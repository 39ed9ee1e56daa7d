# Values as lines of JSON, for two processes that do not trust each other. What comes out of `decode`
# is built of builtin types alone, so that comparing it runs nobody's code; what cannot be carried
# stays where it is and is named by a number (a handle).
import sys
from _collections import OrderedDict, deque

LONGEST = 16 << 20


def codec():
    """To and from JSON, without what the package `json` imports: that takes as long as all the rest
    of a short program's run. Where its inner parts have changed, the package itself."""
    try:
        import _json

        class Settings:
            strict, memo, object_hook, object_pairs_hook = True, {}, None, None
            parse_int, parse_float, parse_constant = int, float, float

        scan = _json.make_scanner(Settings)
        quote = _json.encode_basestring_ascii
        chunks = _json.make_encoder(None, None, quote, None, ": ", ", ", False, False, True)

        def loads(text):
            text = str(text, "utf-8").strip()
            try:
                value, end = scan(text, 0)
            except StopIteration:
                raise ValueError("no JSON") from None
            if end != len(text):
                raise ValueError("more than JSON")
            return value

        def dumps(value):
            return "".join(chunks(value, 0))

        trial = {"a": [1, -2.5, "\u00e9\n", None, True, float("inf")]}
        assert loads(dumps(trial).encode() + b"\n") == trial
    except Exception:
        from json import dumps, loads
    return loads, dumps


loads, dumps = codec()


def encode(value, handle, classes, memo):
    """`value` for JSON. `handle(value)` names what cannot be carried; instances of `classes`, which
    both sides have, are carried by their attributes."""
    again = lambda part: encode(part, handle, classes, memo)
    kind = type(value)
    if value is None or kind is bool or kind is str:
        return value
    if isinstance(value, int):
        value = int(value)
        return value if abs(value) < 1 << 62 else {"t": "int", "v": hex(value)}
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (bytes, bytearray)):
        return {"t": kind.__name__, "v": value.hex()}
    if isinstance(value, complex):
        return {"t": "complex", "v": [value.real, value.imag]}
    if kind is range:
        return {"t": "range", "v": [value.start, value.stop, value.step]}
    if isinstance(value, list):
        return [again(part) for part in value]
    for base in (tuple, set, frozenset, deque):
        if isinstance(value, base):
            return {"t": base.__name__, "v": [again(part) for part in value]}
    counter = getattr(sys.modules.get("collections"), "Counter", dict)
    for base in (counter, OrderedDict, dict):
        if isinstance(value, base):
            pairs = [[again(key), again(part)] for key, part in value.items()]
            return {"t": base.__name__, "v": pairs}
    if kind.__module__ in ("fractions", "decimal") and kind.__name__ in ("Fraction", "Decimal"):
        return {"t": kind.__name__, "v": str(value)}
    if classes.get(kind.__name__) is kind and hasattr(value, "__dict__"):
        if id(value) in memo:
            return {"t": "again", "v": memo[id(value)][0]}
        number = len(memo)
        memo[id(value)] = number, value
        parts = {name: again(part) for name, part in vars(value).items()}
        return {"t": "object", "class": kind.__name__, "id": number, "v": parts}
    return {"t": "handle", "v": handle(value)}


def decode(value, handle, classes, memo):
    """The value of `encode`'s result; `handle(number)` stands for what was not carried."""
    again = lambda part: decode(part, handle, classes, memo)
    if isinstance(value, list):
        return [again(part) for part in value]
    if not isinstance(value, dict):
        return value
    tag, inner = value["t"], value["v"]
    if tag == "int":
        return int(inner, 16)
    if tag in ("bytes", "bytearray"):
        return {"bytes": bytes, "bytearray": bytearray}[tag].fromhex(inner)
    if tag == "complex":
        return complex(inner[0], inner[1])
    if tag == "range":
        return range(*inner)
    if tag in ("tuple", "set", "frozenset", "deque"):
        base = {"tuple": tuple, "set": set, "frozenset": frozenset, "deque": deque}
        return base[tag](again(part) for part in inner)
    if tag in ("dict", "OrderedDict", "Counter"):
        base = dict if tag == "dict" else getattr(__import__("collections"), tag)
        return base({again(key): again(part) for key, part in inner})
    if tag == "Fraction":
        return __import__("fractions").Fraction(inner)
    if tag == "Decimal":
        return __import__("decimal").Decimal(inner)
    if tag == "again":
        return memo[inner]
    if tag == "object":
        made = object.__new__(classes[value["class"]])
        memo[value["id"]] = made
        for name, part in inner.items():
            made.__dict__[name] = again(part)
        return made
    if tag == "handle":
        return handle(inner)
    raise ValueError("a value of no known kind")


def defined(namespace):
    """The classes a namespace defines."""
    own = namespace["__name__"]
    return {
        name: value
        for name, value in namespace.items()
        if isinstance(value, type) and value.__module__ == own and value.__name__ == name
    }
