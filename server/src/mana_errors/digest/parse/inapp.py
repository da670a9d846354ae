"""Whose code a file is: the app's own, or a library's, the runtime's or a browser extension's."""

from typing import Final

_MODULES: Final = "node_modules/"
# node:internal/…, and what Node before 16 wrote; extensions of Chromium, Firefox and Safari
_FOREIGN_SCRIPTS: Final = (
    "node:",
    "internal/",
    "native",
    "chrome-extension:",
    "moz-extension:",
    "safari-extension:",
    "safari-web-extension:",
    "extensions::",
    # Gecko's own library
    "self-hosted",
    "chrome:",
    "resource:",
)
# Bundles that hold nothing but libraries, by the names that bundlers give them
_VENDOR_BUNDLES: Final = ("vendor", "chunk-vendors", "polyfill")

_PACKAGES: Final = ("/site-packages/", "/dist-packages/")
# lib/python3.12/… on Unix, Python312\\Lib\\… on Windows, python312.zip/… when embedded
_STANDARD_LIBRARY: Final = ("/lib/python3", "/lib/python2", "/lib/pypy", ".zip/")


def owner_of_script(file: str) -> tuple[str | None, bool]:
    """The npm package that a JavaScript file belongs to (`@nestjs/core`), and whether the file is
    the app's own."""
    path = file.replace("\\", "/") if "\\" in file else file
    index = path.rfind(_MODULES)
    if index != -1 and path[index - 1 : index] in {"", "/"}:
        return _package(path[index + len(_MODULES) :]), False
    if (
        path.startswith(_FOREIGN_SCRIPTS)
        or "webpack/bootstrap" in path
        or "webpack/runtime" in path
    ):
        return None, False
    return None, not path[path.rfind("/") + 1 :].startswith(_VENDOR_BUNDLES)


def _package(path: str) -> str | None:
    name, _, rest = path.partition("/")
    return f"{name}/{rest.partition('/')[0]}" if name.startswith("@") else name or None


def is_own_python(file: str) -> bool:
    """Whether a Python file is the app's own; `<string>`, `<frozen …>` and the like are not."""
    if file.startswith("<"):
        return False
    path = file.replace("\\", "/")
    if any(part in path for part in _PACKAGES):
        return False
    lowered = path.lower()
    return not ("python" in lowered and _is_standard_library(lowered))


def _is_standard_library(path: str) -> bool:
    if any(part in path for part in _STANDARD_LIBRARY):
        return True
    # C:/Users/me/AppData/Local/Programs/Python/Python312/Lib/asyncio/base_events.py
    home, found, _ = path.partition("/lib/")
    return bool(found) and home.rpartition("/")[2].startswith("python3")
