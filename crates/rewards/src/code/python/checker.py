# Runs the tests. The program under test is in another process and another sandbox: it gets
# arguments, it gives data, and it never sees what is expected.
import builtins
import os

incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
verdict = os.fdopen(os.dup(2), "w")
null = os.open("/dev/null", os.O_RDWR)
for standard in (0, 1, 2):
    os.dup2(null, standard)


ONLY_TREE = 0x400  # PyCF_ONLY_AST


class Uncarried(BaseException):
    """A test hands over what cannot be handed over."""


class Gone(BaseException):
    """The program under test says nothing more, or nonsense."""


class Raised(Exception):
    """The program under test raised what is not a builtin exception."""


def say(kind, reason):
    verdict.write(dumps({"verdict": kind, "reason": reason[:500]}))
    verdict.flush()
    os._exit(0)


def hear():
    line = incoming.readline(LONGEST)
    if not line.endswith(b"\n"):
        lost("the program ended before it answered" if len(line) < LONGEST else "too much")
    try:
        reply = loads(line)
        if isinstance(reply, dict):
            return reply
    except (ValueError, RecursionError):
        pass
    lost("the answer is not one")


def lost(reason):
    """No test that forgives exceptions forgives this."""
    losses.append(reason)
    raise Gone(reason)


def ask(question):
    outgoing.write(dumps(question).encode() + b"\n")
    outgoing.flush()
    reply = hear()
    if "raised" in reply:
        name, text = str(reply["raised"]), str(reply.get("text"))
        raise raised(name, text, question["op"])
    return reply


def raised(name, text, op):
    """The program's exception. One that would end a loop of the tests in silence only ends the
    program's own iterators."""
    kind = getattr(builtins, name, None)
    error = None
    if isinstance(kind, type) and issubclass(kind, Exception):
        if op == "next" or not issubclass(kind, (StopIteration, StopAsyncIteration)):
            try:
                error = kind(text)
            except TypeError:
                pass
    error = error or Raised(name + ": " + text)
    error.of_program = True
    return error


def receive(value):
    try:
        return decode(value, Handle, classes, {})
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError, AttributeError):
        lost("the answer is not one")


def send(value, memo):
    def refuse(value):
        if type(value) is Handle:
            return object.__getattribute__(value, "number")
        if isinstance(value, type) and getattr(builtins, value.__name__, None) is value:
            return value.__name__
        raise Uncarried("a test hands over a " + type(value).__name__)

    return encode(value, refuse, classes, memo)


class Handle:
    """Something of the program's that is not data. Whatever is read from it is."""

    __slots__ = ("number",)

    def __init__(self, number):
        if type(number) is not int:
            raise ValueError("no handle")
        object.__setattr__(self, "number", number)

    def __call__(self, *args, **named):
        memo = {}
        reply = ask({
            "op": "call",
            "of": object.__getattribute__(self, "number"),
            "args": [send(part, memo) for part in args],
            "named": {name: send(part, memo) for name, part in named.items()},
        })
        changed = reply.get("changed")
        for at, new in changed.items() if isinstance(changed, dict) else ():
            at = int(at) if at.isdigit() else len(args)
            new = receive(new)
            if at < len(args) and type(new) is type(args[at]):
                refill(args[at], new)
        return receive(reply.get("value"))

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__ask("get", name=name)

    def __setattr__(self, name, value):
        self.__ask("set", name=name, value=send(value, {}))

    def __iter__(self):
        return self.__ask("iter")

    def __next__(self):
        return self.__ask("next")

    def __len__(self):
        return self.__ask("len")

    def __bool__(self):
        return True

    def __getitem__(self, at):
        return self.__ask("item", at=send(at, {}))

    def __ask(self, op, **more):
        number = object.__getattribute__(self, "number")
        return receive(ask({"op": op, "of": number, **more}).get("value"))


def refill(old, new):
    """What the program did to an argument happens to the test's own."""
    if isinstance(old, (list, bytearray)):
        old[:] = new
    elif isinstance(old, (dict, set)):
        old.clear()
        old.update(new)
    elif isinstance(old, deque):
        old.clear()
        old.extend(new)
    elif hasattr(old, "__dict__"):
        old.__dict__.clear()
        old.__dict__.update(new.__dict__)


def used(tree):
    """The names a syntax tree reads, and those of them it reads modules by."""
    names, modules, open_nodes = set(), set(), [tree]
    while open_nodes:
        node = open_nodes.pop()
        kind = type(node).__name__
        if kind == "Name":
            names.add(node.id)
        elif kind == "Attribute" and type(node.value).__name__ == "Name":
            if node.value.id in sys.stdlib_module_names:
                modules.add(node.value.id)
        for field in getattr(node, "_fields", ()):
            value = getattr(node, field, None)
            open_nodes += value if isinstance(value, list) else [value]
    return names, modules


def told(error):
    return type(error).__name__ + (": " + str(error) if str(error) else "")


def main():
    with open("/tests.json", "rb") as file:
        given = loads(file.read())
    try:
        texts = [given["preamble"], given["setup"], *given["tests"]]
        trees = [compile(text, "tests", "exec", ONLY_TREE) for text in texts]
        codes = [compile(tree, "tests", "exec") for tree in trees]
    except SyntaxError as error:
        return "unjudged", "the tests are no Python: " + str(error)
    names = {"__name__": "program"}
    module = type(sys)("program")
    module.__dict__.update(names)
    sys.modules["program"] = module
    names = module.__dict__
    try:
        exec(codes[0], names)
    except Exception as error:
        return "unjudged", "the preamble of the tests fails: " + told(error)
    classes.update(defined(names))
    own = set(names)
    if "raised" in (reply := hear()):
        return "failed", "the program raises " + str(reply["raised"]) + ": " + str(reply.get("text"))
    if given["entry_point"] is not None:
        wanted = {given["entry_point"]}
        own -= wanted
    else:
        read = [used(tree) for tree in trees[1:]]
        modules = set().union(*(modules for _, modules in read)) - own
        wanted = set().union(*(names for names, _ in read)) - own - modules
        # A builtin is the builtin and a module the module, whatever the program calls its own
        # functions, unless nothing else could be what the tests are about.
        strange = {name for name in wanted if not hasattr(builtins, name)}
        wanted = strange or {name for name in wanted if callable(getattr(builtins, name, 0))}
        names.update((name, __import__(name)) for name in modules)
    found = ask({"op": "names", "names": sorted(wanted)}).get("names")
    for name, value in found.items() if isinstance(found, dict) else ():
        if name in wanted and isinstance(value, dict):
            if "value" in value:
                names[name] = receive(value["value"])
    try:
        exec(codes[1], names)
    except Exception as error:
        alone = not used(trees[1])[0] & wanted
        return "unjudged" if alone else "failed", "the setup of the tests fails: " + told(error)
    for at, code in enumerate(codes[2:]):
        try:
            exec(code, names)
        except Exception as error:
            absent = isinstance(error, ImportError) and not hasattr(error, "of_program")
            reason = "test %d of %d: %s" % (at + 1, len(codes) - 2, told(error))
            return "unjudged" if absent else "failed", reason
    if losses:
        return "failed", losses[0]
    return "passed", "passes %d of %d tests" % (len(codes) - 2, len(codes) - 2)


classes = {}
losses = []
try:
    outcome = main()
except Uncarried as error:
    outcome = "unjudged", str(error)
except Gone as error:
    outcome = "failed", str(error)
except BaseException as error:
    outcome = "failed", told(error)
say(*outcome)
