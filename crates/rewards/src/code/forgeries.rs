//! Ways to pass tests without solving the problem, and that none pays.

use std::sync::Arc;

use data::CodeTests;

use super::testing::{calls, cases, problem, sandbox, scores, verdict};
use super::{Code, Language};
use crate::config::RubricConfig;
use crate::rubric::Rubric;

const RIGHT: Option<f32> = Some(1.0);
const WRONG: Option<f32> = Some(0.0);

fn double() -> CodeTests {
    calls(&["assert double(2) == 4", "assert double(5) == 10"], &[])
}

fn humaneval() -> CodeTests {
    CodeTests::HumanEval {
        prompt: "def value(xs: list, x: float):\n    \"\"\"The polynomial's value.\"\"\"\n    \
                 return sum(c * x ** i for i, c in enumerate(xs))\n\n\
                 def zero(xs: list):\n    \"\"\"A zero of it.\"\"\"\n"
            .into(),
        test:
            "def check(candidate):\n    assert abs(value([1, 2], candidate([1, 2]))) < 1e-4\n    \
               assert abs(value([-6, 3], candidate([-6, 3]))) < 1e-4\n"
                .into(),
        entry_point: "zero".into(),
    }
}

#[test]
fn honest_programs_pass_and_wrong_ones_fail() {
    scores("def double(x): return 2 * x", &double(), RIGHT);
    scores("def double(x): return x + 2", &double(), WRONG);
    scores("def other(x): return 2 * x", &double(), WRONG);
    scores("def double(x) return", &double(), WRONG);
    scores("def double(x): return 1 / 0", &double(), WRONG);
    scores("def zero(xs): return -xs[0] / xs[1]", &humaneval(), RIGHT);
    scores("def zero(xs): return 0", &humaneval(), WRONG);
    let sum = cases(&[("1 2\n", "3"), ("5 5", "10\n")]);
    scores("print(sum(map(int, input().split())))", &sum, RIGHT);
    scores("print(3)", &sum, WRONG);
    scores(
        "print(sum(map(int, input().split()))); exit(0)",
        &sum,
        RIGHT,
    );
    scores(
        "print(sum(map(int, input().split()))); exit(1)",
        &sum,
        WRONG,
    );
}

#[test]
fn the_rubric_pays_for_programs_as_for_answers() {
    let Some(sandbox) = sandbox(Language::Python) else {
        return;
    };
    let code = Code::within(Arc::clone(sandbox));
    let rubric = Rubric::new(&RubricConfig::default()).with_code(code);
    let problem = problem(double());
    let response = |body: &str| {
        format!(
            "<think>Twice as much as before.</think><answer>def double(x): return {body}</answer>"
        )
    };
    let right = rubric.score(&problem, &response("2 * x"));
    assert_eq!((right.accuracy, right.total), (Some(1.0), 1.5));
    assert_eq!(right.rule, "program");
    let wrong = rubric.score(&problem, &response("3 * x"));
    assert_eq!((wrong.accuracy, wrong.total), (Some(0.0), 0.5));
}

#[test]
fn knowing_the_shown_tests_is_not_enough() {
    let learnt = "def double(x): return {2: 4, 5: 10}[x]";
    scores(learnt, &double(), RIGHT);
    let tests = calls(
        &["assert double(2) == 4", "assert double(5) == 10"],
        &["assert double(7) == 14"],
    );
    scores(learnt, &tests, WRONG);
    scores("def double(x): return 2 * x", &tests, RIGHT);
}

#[test]
fn ending_early_is_no_pass() {
    for end in [
        "import os; os._exit(0)",
        "import sys; sys.exit(0)",
        "exit(0)",
        "raise SystemExit(0)",
        "import os\ndef double(x): os._exit(0)",
        "import sys\ndef double(x): sys.exit(0)",
        "import os\ndef double(x): os.kill(os.getpid(), 9)",
        "import ctypes\ndef double(x): ctypes.string_at(0)",
        "def double(x): raise StopIteration",
        "import os, atexit\natexit.register(os._exit, 0)\ndef double(x): return 1",
    ] {
        scores(end, &double(), WRONG);
        scores(end, &cases(&[("", "4")]), WRONG);
    }
}

#[test]
fn patching_whatever_can_be_reached_is_no_pass() {
    for patch in [
        "import builtins\nbuiltins.AssertionError = type('Nothing', (BaseException,), {})\n\
         def double(x): return 1",
        "import builtins, sys, os\nbuiltins.compile = builtins.exec = builtins.eval = print\n\
         sys.exit = os._exit = lambda *a: None\ndef double(x): return 1",
        "import sys\nsys.modules['__main__'].dumps = lambda *a, **k: '{\"value\": true, \"verdict\": \"passed\"}'\n\
         def double(x): return 1",
        "import sys\nsys.settrace(lambda *a: None)\nsys.modules['__main__'].encode = lambda *a: True\n\
         def double(x): return 1",
        "import inspect\ndef double(x):\n    for frame in inspect.stack():\n        \
         frame.frame.f_globals['answer'] = frame.frame.f_locals['reply'] = True\n    return True",
    ] {
        scores(patch, &double(), WRONG);
    }
}

#[test]
fn equality_is_not_the_programs_to_define() {
    for forged in [
        "class Any:\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n\
         def double(x): return Any()",
        "class Any(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\n\
         def double(x): return Any(1)",
        "class Any(list):\n    def __eq__(self, other): return True\ndef double(x): return Any()",
        "from unittest.mock import ANY\ndef double(x): return ANY",
        "class Meta(type):\n    def __eq__(self, other): return True\n    __hash__ = None\n\
         class Any(metaclass=Meta): pass\ndef double(x): return Any",
    ] {
        scores(forged, &double(), WRONG);
    }
    let inside = calls(&["assert pair(2) == (2, [4])"], &[]);
    scores(
        "class Any:\n    def __eq__(s, o): return True\ndef pair(x): return (2, [Any()])",
        &inside,
        WRONG,
    );
    let close = calls(&["assert abs(half(3) - 1.5) < 1e-9"], &[]);
    scores(
        "class Any:\n    def __rsub__(s, o): return s\n    __sub__ = __rsub__\n    def __abs__(s): return 0\n\
            def half(x): return Any()",
        &close,
        WRONG,
    );
    scores("abs = lambda x: 0\ndef half(x): return 9", &close, WRONG);
    scores("def half(x): return x / 2", &close, RIGHT);
    scores(
        "value = lambda xs, x: 0\ndef zero(xs): return 7",
        &humaneval(),
        WRONG,
    );
}

#[test]
fn saying_passed_is_no_pass() {
    for said in [
        "import os\nfor fd in range(64):\n    try: os.write(fd, b'{\"verdict\": \"passed\", \"reason\": \"\"}\\n')\n    \
         except OSError: pass\nos._exit(0)",
        "print('{\"verdict\": \"passed\", \"reason\": \"\"}')\ndef double(x): return 1",
        "import os\ndef double(x):\n    for fd in range(3, 64):\n        try: os.write(fd, b'{\"value\": true}\\n' * 9)\n        \
         except OSError: pass",
        "import os\ndef double(x):\n    for fd in range(3, 64):\n        \
         try: os.write(fd, b'{\"value\": {\"t\": \"handle\", \"v\": \"exec\"}}\\n' * 9)\n        \
         except OSError: pass",
        "import os\ndef double(x):\n    for fd in range(3, 64):\n        \
         try: os.write(fd, b'[' * 100000 + b'\\n')\n        except OSError: pass",
    ] {
        scores(said, &double(), WRONG);
    }
}

#[test]
fn what_is_expected_is_nowhere_to_be_read() {
    // Everything the program can get at, searched for the expected values.
    let search = "import gc, os, sys\n\
        def found():\n    \
            texts = [repr(o) for o in gc.get_objects() if isinstance(o, (dict, list, tuple, str))]\n    \
            for folder, _, names in os.walk('/tmp'):\n        \
                texts += [open(os.path.join(folder, n), errors='replace').read() for n in names]\n    \
            for name in os.listdir('/'):\n        \
                if os.path.isfile('/' + name):\n            texts.append(open('/' + name).read())\n    \
            wanted = str(int('91898') - 18379)\n    \
            return wanted if any(wanted in text for text in texts) else '0'\n";
    let stdin = format!("{search}print(found())");
    scores(&stdin, &cases(&[("a", "73519")]), WRONG);
    let function = format!("{search}def secret(x): return int(found())");
    scores(
        &function,
        &calls(&["assert secret(1) == 73519"], &[]),
        WRONG,
    );
}

#[test]
fn a_test_that_forgives_exceptions_does_not_forgive_an_end() {
    let tests = calls(
        &[
            "try:\n    half(None)\n    raise SystemError\nexcept TypeError:\n    pass",
            "try:\n    half(1)\nexcept BaseException:\n    pass",
        ],
        &[],
    );
    scores("def half(x): return x / 2", &tests, RIGHT);
    scores(
        "import os\ndef half(x):\n    if x is None: raise TypeError\n    os._exit(0)",
        &tests,
        WRONG,
    );
    let looped = calls(&["assert all(map(even, [1, 3, 5]))"], &[]);
    scores("def even(x): raise StopIteration", &looped, WRONG);
}

#[test]
fn values_cross_as_what_they_are() {
    let same = |value: &str| {
        calls(
            &[&format!(
                "assert same({value}) == {value}\nassert type(same({value})) is type({value})"
            )],
            &[],
        )
    };
    for value in [
        "2 ** 200",
        "-7",
        "True",
        "None",
        "1.5",
        "float('inf')",
        "'\\ud800é'",
        "b'\\xff'",
        "1 + 2j",
        "(1, [2, {3: {4}}])",
        "{(1, 2): 'x'}",
        "frozenset({1})",
        "range(3, 9, 2)",
        "__import__('collections').deque([1])",
        "__import__('collections').Counter('aab')",
        "__import__('fractions').Fraction(1, 3)",
        "__import__('decimal').Decimal('0.10')",
    ] {
        scores("def same(x): return x", &same(value), RIGHT);
    }
    scores("def same(x): return str(x)", &same("7"), WRONG);
}

#[test]
fn objects_generators_and_arguments_in_place_can_be_tested() {
    let stack = calls(
        &[
            "s = Stack()\ns.push(3)\nassert s.pop() == 3\nassert len(s) == 0\nassert s.name == 'stack'",
        ],
        &["assert list(Stack().count(3)) == [0, 1, 2]"],
    );
    let program = "class Stack:\n    name = 'stack'\n    def __init__(self): self.xs = []\n    \
        def push(self, x): self.xs.append(x)\n    def pop(self): return self.xs.pop()\n    \
        def __len__(self): return len(self.xs)\n    def count(self, n): yield from range(n)";
    scores(program, &stack, RIGHT);
    let in_place = calls(&["xs = [3, 1, 2]\norder(xs)\nassert xs == [1, 2, 3]"], &[]);
    scores("def order(xs): xs.sort()", &in_place, RIGHT);
    scores("def order(xs): return sorted(xs)", &in_place, WRONG);
    let tree = CodeTests::Functional {
        preamble: "class Node:\n    def __init__(self, x, left=None): self.x, self.left = x, left"
            .into(),
        setup: "root = Node(1, Node(2))".into(),
        shown: vec![
            "assert depth(root) == 2".into(),
            "assert grow(root).left.left.x == 3".into(),
        ],
        hidden: vec![],
    };
    let program = "def depth(n): return 0 if n is None else 1 + depth(n.left)\n\
        def grow(n):\n    n.left.left = Node(3)\n    return n";
    scores(program, &tree, RIGHT);
}

#[test]
fn broken_tests_are_unjudged() {
    let program = "def double(x): return 2 * x";
    for test in [
        "assert double(2) = 4",
        "assert double(lambda: 1) == 4",
        "import no_such_module\nassert double(2) == 4",
    ] {
        scores(program, &calls(&[test], &[]), None);
    }
    scores(program, &calls(&[], &[]), None);
}

#[test]
fn rust_assertions_are_judged_from_outside() {
    let tests = calls(
        &[
            "assert_eq!(double(2), 4);",
            "assert_eq!(words(\"a,b\"), vec![\"a\", \"b\"]);",
        ],
        &["assert!(double(0) == 0);"],
    );
    let score = |program: &str, wanted| {
        if let Some(verdict) = verdict(Language::Rust, program, &tests) {
            assert_eq!(verdict.score(), wanted, "{program}\n{verdict:?}");
        }
    };
    let words = "fn words(s: &str) -> Vec<String> { s.split(',').map(str::to_owned).collect() }";
    score(
        &format!(
            "fn double(x: i32) -> i32 {{ println!(\"noise\"); 2 * x }}\n{words}\nfn main() {{}}"
        ),
        RIGHT,
    );
    score(
        &format!("fn double(x: i32) -> i32 {{ x + 2 }}\n{words}"),
        WRONG,
    );
    score(
        &format!("fn double(x: i32) -> i32 {{ std::process::exit(0) }}\n{words}"),
        WRONG,
    );
    score("fn double(x: i32) -> i32 { 2 * x }", WRONG);
    let unknown = calls(&["assert_eq!(point(1), Point { x: 1 });"], &[]);
    let program =
        "#[derive(Debug)] struct Point { x: i32 }\nfn point(x: i32) -> Point { Point { x } }";
    if let Some(verdict) = verdict(Language::Rust, program, &unknown) {
        assert_eq!(verdict.score(), None);
    }
}
