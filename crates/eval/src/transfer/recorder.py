# Runs HumanEval's check on the reference solution, and says what it was called with and what was asked of
# what it gave back.
import ast
import copy
import inspect
import io
import json
import math
import sys

MOST = 40
given = json.loads(sys.stdin.read())
out, sys.stdout = sys.stdout, io.StringIO()
math.fabs = abs
cases = []


def encode(value):
    kind = type(value)
    if kind is bool:
        return {"bool": value}
    if kind is int:
        return {"int": value} if -2**63 <= value < 2**63 else {"other": "an integer beyond 64 bits"}
    if kind is float:
        return {"float": repr(value)}
    if kind is str:
        surrogate = any(0xD800 <= ord(c) < 0xE000 for c in value)
        return {"other": "half a character"} if surrogate else {"str": value}
    if value is None:
        return {"absent": None}
    if kind in (list, tuple):
        return {kind.__name__: [encode(item) for item in value]}
    return {"other": f"a {kind.__name__}"}


class Difference:
    """What the program gave, less a number, and its size."""

    def __init__(self, handle, number, sized=False):
        self.handle, self.number, self.sized = handle, number, sized

    def __abs__(self):
        return Difference(self.handle, self.number, True)

    def within(self, most):
        if self.sized and type(most) in (int, float):
            self.handle.case.update(how="within", expected=encode(self.number), tolerance=repr(float(most)))
        else:
            self.handle.spoil("a difference is used otherwise")
        size = self.handle.value - self.number
        return abs(size) if self.sized else size

    def __lt__(self, most):
        return self.within(most) < most

    def __le__(self, most):
        return self.within(most) <= most


class Handle:
    """What the program gave."""

    def __init__(self, case, value):
        self.case, self.value = case, value

    def spoil(self, why):
        self.case.setdefault("why", why)

    def __eq__(self, other):
        if isinstance(other, Handle):
            self.spoil("two results are compared with each other")
            other.spoil("two results are compared with each other")
            return self.value == other.value
        same = self.value == other
        if same:
            self.case.update(how="equal", expected=encode(self.value))
        else:
            self.spoil("it is compared with what it is not")
        return same

    def __ne__(self, other):
        self.spoil("it is compared with what it is not")
        return self.value != other

    def __bool__(self):
        if type(self.value) is bool:
            self.case.update(how="equal", expected=encode(self.value))
        else:
            self.spoil("its truth alone is asked")
        return bool(self.value)

    def __sub__(self, other):
        return Difference(self, other)

    def __hash__(self):
        self.spoil("the result is used otherwise")
        return hash(self.value)

    def __getattr__(self, name):
        self.spoil("the result is used otherwise")
        return getattr(self.value, name)


def otherwise(name):
    def method(self, *args):
        self.spoil("the result is used otherwise")
        args = [arg.value if isinstance(arg, Handle) else arg for arg in args]
        return getattr(self.value, name)(*args)
    return method


for name in ("iter len getitem contains add radd mul rmul rsub truediv rtruediv floordiv mod pow rpow abs neg "
             "float int round index lt le gt ge str format").split():
    setattr(Handle, f"__{name}__", otherwise(f"__{name}__"))


class Plain(ast.NodeTransformer):
    """`is` as `==`, so that a result can answer it."""

    def visit_Compare(self, node):
        self.generic_visit(node)
        swap = {ast.Is: ast.Eq, ast.IsNot: ast.NotEq}
        node.ops = [swap.get(type(op), type(op))() for op in node.ops]
        return node


names = {"__name__": "tests"}
exec(compile(given["solution"], "solution", "exec"), names)
solution = names[given["entry_point"]]


def candidate(*args, **named):
    case = {"args": [encode(arg) for arg in args]}
    if named:
        case["why"] = "an argument is named"
    cases.append(case)
    return Handle(case, solution(*copy.deepcopy(args)) if not named else solution(*args, **named))


tests = Plain().visit(ast.parse(given["test"]))
exec(compile(ast.fix_missing_locations(tests), "tests", "exec"), names)
ended = None
try:
    names["check"](candidate)
except BaseException as error:
    ended = f"{type(error).__name__}: {error}"
kept, seen = [], set()
for case in cases:
    # Of the call that ended the tests, how they ended says why.
    if "how" not in case and not (ended and case is cases[-1]):
        case.setdefault("why", "nothing is asked of the result")
    text = json.dumps(case)
    if text not in seen and len(kept) < MOST:
        seen.add(text)
        kept.append(case)
names = list(inspect.signature(solution).parameters)
out.write(json.dumps({"cases": kept, "ended": ended, "parameters": names}))
