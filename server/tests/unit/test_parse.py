"""Stack traces of each runtime -> frames."""

import pytest

from mana_errors.digest.parse import KEPT_EACH_END, parse_stack, without_message
from mana_errors.model.stack import Frame


def own(
    file: str,
    function: str | None,
    line: int,
    column: int | None = None,
    source: str | None = None,
) -> Frame:
    return Frame(file, function, None, line, column, in_app=True, context_line=source)


V8 = """TypeError: order 17 has no price
    at OrdersService.pay (file:///srv/nest/src/main.ts:55:27)
    at new Order (C:\\app\\order.js:1:2)
    at Object.get [as price] (/srv/app (copy)/cart.js:7:9)
    at async Promise.all (index 0)
    at Array.map (<anonymous>)
    at eval (eval at run (/srv/vm.js:2:3), <anonymous>:1:1)
    at async /srv/nest/node_modules/@nestjs/core/router/router-proxy.js:6:17
    at run (webpack:///./node_modules/.pnpm/x@1/node_modules/rxjs/of.js:3:4)
    at process.nextTick (node:internal/process/task_queues:95:5)"""


def test_v8() -> None:
    """Node and Chromium: failing call first in the text, last in the frames."""
    stack = parse_stack(V8)
    assert stack is not None
    assert stack.language == "javascript"
    assert list(reversed(stack.frames)) == [
        own("file:///srv/nest/src/main.ts", "OrdersService.pay", 55, 27),
        own("C:\\app\\order.js", "new Order", 1, 2),
        own("/srv/app (copy)/cart.js", "Object.get", 7, 9),
        Frame("index 0", "Promise.all"),
        Frame("<anonymous>", "Array.map"),
        own("/srv/vm.js", "eval", 2, 3),
        Frame(
            "/srv/nest/node_modules/@nestjs/core/router/router-proxy.js",
            None, "@nestjs/core", 6, 17,
        ),
        Frame(
            "webpack:///./node_modules/.pnpm/x@1/node_modules/rxjs/of.js", "run", "rxjs", 3, 4
        ),
        Frame("node:internal/process/task_queues", "process.nextTick", None, 95, 5),
    ]  # fmt: skip


def test_hermes_counts_columns_from_zero() -> None:
    """React Native: bytecode offsets become columns that count from 1, as everywhere else."""
    stack = parse_stack(
        "TypeError: x\n    at h (address at index.android.bundle:1:0)\n    at forEach (native)"
    )
    assert stack is not None
    assert stack.frames == (
        Frame("native", "forEach"),
        own("index.android.bundle", "h", 1, 1),
    )


def test_javascriptcore() -> None:
    """Safari: no header, names before the sign, native and global code."""
    stack = parse_stack(
        "total@https://x.test/app.js:10:5\nforEach@[native code]\n@https://x.test/app.js:3:1\n"
        "https://x.test/@fs/a.js:4:2\nmodule code@https://x.test/app.js:1:1"
    )
    assert stack is not None
    assert list(reversed(stack.frames)) == [
        own("https://x.test/app.js", "total", 10, 5),
        Frame("[native code]", "forEach"),
        own("https://x.test/app.js", None, 3, 1),
        own("https://x.test/@fs/a.js", None, 4, 2),
        own("https://x.test/app.js", "module code", 1, 1),
    ]


def test_gecko() -> None:
    """Firefox: how a call was scheduled goes, code given to eval is where eval was called."""
    stack = parse_stack(
        "run/<@https://x.test/a.js:2:7\nasync*load@https://x.test/a.js:9:1\n"
        "anonymous@https://x.test/b.js line 3 > eval:1:5\n"
        "b@moz-extension://4f0e/content.js:1:1\n"
    )
    assert stack is not None
    assert list(reversed(stack.frames)) == [
        own("https://x.test/a.js", "run/<", 2, 7),
        own("https://x.test/a.js", "load", 9, 1),
        own("https://x.test/b.js", "anonymous", 3, None),
        Frame("moz-extension://4f0e/content.js", "b", None, 1, 1),
    ]


PYTHON = """Traceback (most recent call last):
  File "/srv/shop/old.py", line 3, in load
    raise KeyError
KeyError

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/usr/lib/python3.12/asyncio/runners.py", line 194, in run
    return runner.run(main)
           ^^^^^^^^^^^^^^^^
  File "/venv/lib/python3.12/site-packages/fastapi/routing.py", line 301, in app
  File "<frozen importlib._bootstrap>", line 1027, in _find_and_load
  File "/srv/shop/cart.py", line 7, in total
    return total(items[1:])
           ~~~~~^^^^^^^^^^^
  [Previous line repeated 975 more times]
  File "/srv/shop/cart.py", line 9, in <lambda>
    raise ValueError(text)
ValueError: child said:
Traceback (most recent call last):
  File "/srv/child.py", line 1, in <module>
"""


def test_python() -> None:
    """The last exception of a chain; source lines, no marks; a traceback in a message is text."""
    stack = parse_stack(PYTHON)
    assert stack is not None
    assert (stack.language, stack.omitted) == ("python", 975)
    assert stack.frames == (
        Frame(
            "/usr/lib/python3.12/asyncio/runners.py",
            "run",
            line=194,
            context_line="return runner.run(main)",
        ),
        Frame("/venv/lib/python3.12/site-packages/fastapi/routing.py", "app", None, 301),
        Frame("<frozen importlib._bootstrap>", "_find_and_load", None, 1027),
        own("/srv/shop/cart.py", "total", 7, None, "return total(items[1:])"),
        own("/srv/shop/cart.py", "<lambda>", 9, None, "raise ValueError(text)"),
    )  # fmt: skip


def test_a_group_of_python_exceptions_is_not_its_members() -> None:
    """The group's own calls count, not those of the exceptions in it."""
    stack = parse_stack(
        "  + Exception Group Traceback (most recent call last):\n"
        '  |   File "/srv/a.py", line 3, in main\n'
        "  |     raise group\n"
        "  | ExceptionGroup: two (1 sub-exception)\n"
        "  +-+---------------- 1 ----------------\n"
        "    | Traceback (most recent call last):\n"
        '    |   File "/srv/b.py", line 1, in job\n'
        "    | ValueError\n"
        "    +------------------------------------\n"
    )
    assert stack is not None
    assert stack.frames == (own("/srv/a.py", "main", 3, None, "raise group"),)


def test_the_cause_of_an_error_is_not_its_stack() -> None:
    """Node prints causes below; their calls are another error's."""
    stack = parse_stack(
        "Error: outer\n    at a (/srv/a.js:1:1)\n    at b (/srv/b.js:1:1) {\n"
        "  [cause]: Error: inner\n      at c (/srv/c.js:1:1)"
    )
    assert stack is not None
    assert [frame.function for frame in stack.frames] == ["b", "a"]


@pytest.mark.parametrize(
    "text",
    ["", "Error: boom", "at the end (of it)", "meet me@host:80 today", "at noon", 'File "x"',
     "ratio 3:4:5", "native", "Error: see https://x.test/a for help"],
)  # fmt: skip
def test_prose_is_no_stack(text: str) -> None:
    """Messages that look a little like frames give none."""
    assert parse_stack(text) is None


def test_first_and_last_frames_are_kept() -> None:
    """A long stack loses its middle, and says how much."""
    lines = [f"    at f{number} (/srv/a.js:{number + 1}:1)" for number in range(500)]
    stack = parse_stack("\n".join(lines))
    assert stack is not None
    assert stack.omitted == 500 - 2 * KEPT_EACH_END
    assert len(stack.frames) == 2 * KEPT_EACH_END
    assert (stack.frames[0].function, stack.frames[-1].function) == ("f499", "f0")


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("/srv/app/main.js", True),
        ("https://x.test/assets/index.js", True),
        ("webpack-internal:///./src/a.ts", True),
        ("webpack/bootstrap:19", False),
        ("webpack-internal:///./node_modules/react/index.js", False),
        ("C:\\app\\node_modules\\x\\i.js", False),
        ("https://x.test/assets/vendor-4f3a.js", False),
        ("chrome-extension://abc/inject.js", False),
        ("safari-web-extension://abc/inject.js", False),
        ("node:fs", False),
    ],
)
def test_whose_script(file: str, *, own: bool) -> None:
    """Libraries, runtimes, bundlers and browser extensions are not the app."""
    stack = parse_stack(f"    at f ({file}:1:2)")
    assert stack is not None
    assert stack.frames[0].in_app is own


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("/srv/app/main.py", True),
        ("/home/me/lib/shop/main.py", True),
        ("/usr/lib/python3/dist-packages/yaml/__init__.py", False),
        ("/root/.local/share/uv/python/cpython-3.12.1/lib/python3.12/json/decoder.py", False),
        ("C:\\Python312\\Lib\\asyncio\\base_events.py", False),
        ("/venv/lib/python3.12/site-packages/x.py", False),
        ("<string>", False),
    ],
)
def test_whose_python(file: str, *, own: bool) -> None:
    """The standard library and installed packages are not the app."""
    stack = parse_stack(f'  File "{file}", line 1, in f')
    assert stack is not None
    assert stack.frames[0].in_app is own


@pytest.mark.parametrize(
    ("text", "message", "frames"),
    [
        ("TypeError: m 1\n    at f (a.js:1:2)", "m 1", "    at f (a.js:1:2)"),
        ("m 1\n    at f (a.js:1:2)", "m 1", "    at f (a.js:1:2)"),
        ("Traceback:\n  File x\nValueError: m 1", "m 1", "Traceback:\n  File x"),
        (
            "f@https://x/a.js:1:2\ng@https://x/a.js:3:4",
            "f",
            "f@https://x/a.js:1:2\ng@https://x/a.js:3:4",
        ),
        ("    at f (a.js:1:2)", "", "    at f (a.js:1:2)"),
    ],
)
def test_the_message_is_taken_off_the_frames(text: str, message: str, frames: str) -> None:
    """Events of one problem differ in their messages only; nothing that is a frame goes."""
    assert without_message(text, message) == frames
