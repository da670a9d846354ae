"""What a call is named in a signature: the same whichever SDK or text stack tells of it, and
whichever build of the app ran. Pure.

Belongs to GROUPING_VERSION: a change here moves events to other issues.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

from mana_errors.digest.normalize import normalize_file

# Calls repeat from event to event. An entry is about 300 bytes.
_REMEMBERED: Final = 8192
_UNNAMED: Final = frozenset(
    {"", "<anonymous>", "anonymous", "?", "<unknown>", "global code", "module code", "eval code"}
)

# Module and function -> the same, without what differs from build to build.
_Plain = Callable[[str, str], tuple[str, str]]


def is_unnamed(function: str) -> bool:
    """Whether a function's name is what runtimes and SDKs write where there is none."""
    return function in _UNNAMED


@lru_cache(_REMEMBERED)
def name_call(language: str, module: str, file: str, function: str) -> str:
    """Place and function, or the place alone where the function has no name."""
    module, function = _PLAIN.get(language, _as_it_is)(module, function)
    place = module or normalize_file(file)
    return place if is_unnamed(function) else f"{place} {function}"


def _as_it_is(module: str, function: str) -> tuple[str, str]:
    return module, function


def _script(module: str, function: str) -> tuple[str, str]:
    """`Object.<anonymous>`, `null.<anonymous>`, `Object.?`: one function without a name, as V8 and
    three generations of SDKs write it; `run/<` is Gecko's."""
    function = function.removeprefix("async ").partition(" [as ")[0].rpartition("*")[2]
    unnamed = is_unnamed(function.rpartition(".")[2]) or function.endswith("/<")
    return module, "" if unnamed else function


# Compilers count lambdas, anonymous classes and coroutines; proxies are named at run time.
_JVM_GENERATED: Final = re.compile(
    r"\$\$(?:Lambda|EnhancerBy\w+?CGLIB|FastClassBy\w+?CGLIB|SpringCGLIB|Proxy)[^.]*"
)
_JVM_COUNTED: Final = re.compile(r"(?<=[$-])\d+|(?<=\$Proxy)\d+|(?<=MethodAccessor)\d+")


def _jvm(module: str, function: str) -> tuple[str, str]:
    module = _JVM_COUNTED.sub("", _JVM_GENERATED.sub("$$", module))
    return module, _JVM_COUNTED.sub("", function)


# Acme.Cart+<SumAsync>d__3.MoveNext is Acme.Cart.SumAsync; <Sum>b__0 is a lambda in Sum.
_STATE_MACHINE: Final = re.compile(r"(.*?)[.+]<(\w+)>d(?:__\d+)?(?:`\d+)?")
_DISPLAY_CLASS: Final = re.compile(r"[.+]<>c(?:__DisplayClass[\d_]+)?$")
_DOTNET_LAMBDA: Final = re.compile(r"<(\w+)>[bg]__.*")


def _dotnet(module: str, function: str) -> tuple[str, str]:
    # Parameters, those of types, and the type of the result: each is said by some.
    function = function.partition("(")[0].partition("[")[0].rpartition(" ")[2]
    if function == "MoveNext" and (match := _STATE_MACHINE.fullmatch(module)):
        module, function = match[1], match[2]
    if match := _DOTNET_LAMBDA.fullmatch(function):
        function = match[1]
    return _DISPLAY_CLASS.sub("", module).replace("+", "."), function


_RUBY_WITHIN: Final = re.compile(r"(?:(?:block|rescue|ensure)(?: \(\d+ levels\))? in )+")


def _ruby(module: str, function: str) -> tuple[str, str]:
    # Ruby 3.4 writes Cart#total and Cart.total where older ones write total.
    function = _RUBY_WITHIN.sub("", function)
    return module, function.rpartition("#")[2].rpartition(".")[2]


_PHP_PARTS: Final = re.compile(r"->|::|\\")
_PHP_CLOSURE: Final = "{closure"


def _php(module: str, function: str) -> tuple[str, str]:
    # PHP 8.4 writes {closure:Cart::total():12} where older ones write Shop\{closure}.
    if _PHP_CLOSURE in function:
        return module, "{closure}"
    return module, _PHP_PARTS.split(function)[-1]


_RUST_HASH: Final = re.compile(r"::h[0-9a-f]{16}$")


def _native(module: str, function: str) -> tuple[str, str]:
    return module, _RUST_HASH.sub("", function)


_PLAIN: Final[dict[str, _Plain]] = {
    **dict.fromkeys(("javascript", "node", "wasm", "nodejs", "webjs"), _script),
    **dict.fromkeys(("java", "kotlin", "scala"), _jvm),
    **dict.fromkeys(("csharp", "dotnet"), _dotnet),
    **dict.fromkeys(("native", "rust"), _native),
    "ruby": _ruby,
    "php": _php,
}
