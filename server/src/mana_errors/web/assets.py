"""Stylesheet, scripts and icon: read and packed once, at addresses that change with their content,
so that browsers keep them for good. Scripts import one another by relative paths: all of one
version share a folder."""

import gzip
from hashlib import sha256
from importlib.resources import files
from typing import Final, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

# In the order in which they override one another.
_STYLES: Final = (
    *("tokens", "base", "shell", "forms", "tables", "marks", "charts"),
    *("list", "issue", "code", "alerting", "dialogs"),
)
_FOLDER: Final = files("mana_errors.web").joinpath("static")


class _Asset(NamedTuple):
    body: bytes
    media: str

    @property
    def packed(self) -> bytes:
        return gzip.compress(self.body, 9, mtime=0)


def _read() -> dict[str, _Asset]:
    styles = [_FOLDER.joinpath("css", f"{name}.css").read_bytes() for name in _STYLES]
    scripts = [path for path in _FOLDER.joinpath("js").iterdir() if path.name.endswith(".js")]
    return {
        "style.css": _Asset(b"\n".join(styles), "text/css"),
        "icon.svg": _Asset(_FOLDER.joinpath("icon.svg").read_bytes(), "image/svg+xml"),
        **{path.name: _Asset(path.read_bytes(), "text/javascript") for path in scripts},
    }


_ASSETS: Final = _read()
_PACKED: Final = {name: asset.packed for name, asset in _ASSETS.items()}
_VERSION: Final = sha256(repr(sorted(_ASSETS.items())).encode()).hexdigest()[:12]
ASSET_ROUTE: Final = f"/assets/{_VERSION}/{{name}}"
# Fetched side by side, before the first of them has asked for the others.
MODULES: Final = tuple(sorted(name for name in _ASSETS if name.endswith(".js")))


def asset_path(name: str) -> str:
    """Where an asset is found."""
    return ASSET_ROUTE.format(name=name)


def find_asset(request: Request, headers: dict[str, str]) -> Response | None:
    """The asset that a path names; None for another."""
    name = str(request.path_params["name"])
    asset = _ASSETS.get(name)
    if asset is None:
        return None
    headers = {**headers, "Vary": "Accept-Encoding"}
    if accepts_gzip(request):
        headers["Content-Encoding"] = "gzip"
        return Response(_PACKED[name], headers=headers, media_type=asset.media)
    return Response(asset.body, headers=headers, media_type=asset.media)


def accepts_gzip(request: Request) -> bool:
    """Whether the browser unpacks gzip. `gzip;q=0` is a wish that no browser has."""
    return "gzip" in request.headers.get("accept-encoding", "")
