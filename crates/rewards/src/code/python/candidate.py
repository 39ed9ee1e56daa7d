# Runs the program under test and answers questions about it. Everything here is at the program's
# mercy, and nothing here knows what a right answer is.
import builtins
import os


def serve():
    incoming, outgoing = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    handles = []

    def keep(value):
        handles.append(value)
        return len(handles) - 1

    def say(message):
        outgoing.write(dumps(message).encode() + b"\n")
        outgoing.flush()

    def carry(value):
        return encode(value, keep, classes, {})

    module = type(sys)("program")
    sys.modules["program"] = module
    names = module.__dict__
    classes = {}

    def answer(ask):
        op = ask["op"]
        if op == "names":
            found = {}
            for name in ask["names"]:
                if name in names:
                    found[name] = {"value": carry(names[name])}
            return {"names": found}
        memo = {}
        named = lambda at: handles[at] if isinstance(at, int) else getattr(builtins, at)
        value = lambda part: decode(part, named, classes, memo)
        target = handles[ask["of"]]
        if op == "call":
            args = [value(part) for part in ask["args"]]
            before = [carry(part) for part in args]
            given = {name: value(part) for name, part in ask["named"].items()}
            result = carry(target(*args, **given))
            after = [carry(part) for part in args]
            changed = {at: new for at, new in enumerate(after) if new != before[at]}
            return {"value": result, "changed": changed}
        if op == "get":
            return {"value": carry(getattr(target, ask["name"]))}
        if op == "set":
            setattr(target, ask["name"], value(ask["value"]))
            return {"value": None}
        if op == "iter":
            return {"value": {"t": "handle", "v": keep(iter(target))}}
        if op == "next":
            return {"value": carry(next(target))}
        if op == "len":
            return {"value": len(target)}
        return {"value": carry(target[value(ask["at"])])}

    def guarded(work):
        try:
            return work()
        except BaseException as error:
            text = ""
            try:
                text = str(error)[:500]
            except BaseException:
                pass
            return {"raised": type(error).__name__, "text": text}

    def load():
        for path in ("/preamble.py", "/program.py"):
            with open(path, encoding="utf-8") as file:
                code = compile(file.read(), path, "exec")
            exec(code, names)
            if path == "/preamble.py":
                classes.update(defined(names))
        return {"value": None}

    say(guarded(load))
    for line in incoming:
        ask = loads(line)
        say(guarded(lambda: answer(ask)))


serve()
