# Runs calls and assertions on a program, and says a line of JSON for each as it comes to it.
import ast
import io
import json
import sys

given = json.loads(sys.stdin.read())
out, sys.stdout = sys.stdout, io.StringIO()


def say(**said):
    out.write(json.dumps(said) + "\n")
    out.flush()


def short(text):
    return text if len(text) <= 400 else text[:400] + " ..."


def value_of(node, names):
    return eval(compile(ast.Expression(node), "test", "eval"), names)


def check(text, names):
    """What came out of a test that fails; None where it passes."""
    got = None
    try:
        for statement in ast.parse(text).body:
            test = getattr(statement, "test", None)
            if isinstance(statement, ast.Assert) and isinstance(test, ast.Compare) \
                    and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
                left = value_of(test.left, names)
                got = short(repr(left))
                if not left == value_of(test.comparators[0], names):
                    return got
            else:
                exec(compile(ast.Module([statement], []), "test", "exec"), names)
    except AssertionError as error:
        return short(f"the assertion fails {error}".strip())
    except BaseException as error:
        return short(f"{type(error).__name__}: {error}")
    return None


names = {"__name__": "program"}
try:
    exec(compile(given["preamble"], "preamble", "exec"), names)
    exec(compile(given["source"], "program", "exec"), names)
except BaseException as error:
    say(broken=short(f"{type(error).__name__}: {error}"))
    sys.exit(0)
for text in given["calls"]:
    try:
        value = eval(text, names)
        plain = repr(ast.literal_eval(repr(value)))
        say(value=plain if len(plain) <= 4000 else None)
    except BaseException as error:
        say(raised=short(f"{type(error).__name__}: {error}"))
for text in given["tests"]:
    say(got=check(text, names))
