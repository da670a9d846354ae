"""Settings: read once, loud on a bad value, documented."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from mana_errors.config import Settings, load_settings, to_environ, variable_of
from mana_errors.errors import BadSetting

DOCS = Path(__file__).parents[3] / "docs" / "settings.md"
ROW = re.compile(r"^\| `(\w+)` \| (?:`(.*?)`|empty) \| (.+) \|$", re.MULTILINE)


def test_an_empty_environment_gives_the_defaults() -> None:
    assert load_settings({}) == Settings()


def test_the_environment_is_read() -> None:
    settings = load_settings({"MANA_ERRORS_PORT": " 8080\n", "DATABASE_URL": "postgresql://x/y"})
    assert settings.port == 8080
    assert settings.database_url == "postgresql://x/y"


def test_an_option_wins_over_the_environment() -> None:
    assert load_settings({"MANA_ERRORS_PORT": "8080"}, port=0).port == 0
    assert load_settings({"MANA_ERRORS_PORT": "8080"}, port=None).port == 8080


def test_an_empty_variable_is_not_given() -> None:
    """Compose files set variables to nothing."""
    assert load_settings({"MANA_ERRORS_PORT": ""}).port == 3001


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("MANA_ERRORS_PORT", "http", "is not a number"),
        ("MANA_ERRORS_PORT", "65536", "must be between 0 and 65535"),
        ("MANA_ERRORS_WORKERS", "0", "must be between 1 and 64"),
        ("MANA_ERRORS_WORKERS", "1.5", "is not a number"),
        ("MANA_ERRORS_RETENTION_DAYS", "-1", "must be between 1 and 3650"),
        ("MANA_ERRORS_PUBLIC_URL", "errors.org", "must look like https://errors.example.org"),
        ("MANA_ERRORS_PUBLIC_URL", "http://a/b", "must look like https://errors.example.org"),
        ("MANA_ERRORS_PUBLIC_URL", "ftp://a", "must look like https://errors.example.org"),
        ("MANA_ERRORS_LOG_LEVEL", "verbose", "must be one of debug, info, warning, error"),
    ],
)
def test_a_bad_value_names_variable_value_and_reason(
    variable: str, value: str, reason: str
) -> None:
    with pytest.raises(BadSetting) as caught:
        load_settings({variable: value})
    assert str(caught.value) == f"{variable}: '{value}' {reason}"
    assert caught.value.exit_status == 2


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://u:p@db/x\n")
    assert load_settings({"DATABASE_URL_FILE": str(secret)}).database_url == "postgresql://u:p@db/x"


def test_the_variable_wins_over_its_file(tmp_path: Path) -> None:
    environ = {"DATABASE_URL": "postgresql://own", "DATABASE_URL_FILE": str(tmp_path / "missing")}
    assert load_settings(environ).database_url == "postgresql://own"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(BadSetting, match=rf"DATABASE_URL_FILE: cannot read {missing}"):
        load_settings({"DATABASE_URL_FILE": str(missing)})


def test_a_weak_secret_key_is_refused_but_not_shown() -> None:
    with pytest.raises(BadSetting, match="at least 32 characters") as caught:
        load_settings({"MANA_ERRORS_SECRET_KEY": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_paths_are_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Children may run elsewhere."""
    monkeypatch.chdir(tmp_path)
    assert load_settings({"MANA_ERRORS_DATA_DIR": "here"}).data_dir == tmp_path / "here"
    assert load_settings({"MANA_ERRORS_DATA_DIR": "~/x"}).data_dir == Path.home() / "x"


def test_children_read_what_their_parent_had(tmp_path: Path) -> None:
    """Every setting survives the environment, whatever set it."""
    settings = Settings(
        host="::", port=0, data_dir=tmp_path, workers=3, database_url="postgresql://a/b",
        retention_days=7, issue_retention_days=8, sample_after=5, spool_max_bytes=2**30,
        min_free_bytes=0,
        log_level="debug", log_format="json", public_url="https://errors.example.org",
        secret_key="k" * 32, allowed_hosts=("errors.lan", "errors.internal"),
        jwks_url="https://auth.example/jwks", jwt_secret="s" * 32,
        jwt_issuer="https://auth.example", jwt_audience="errors", users_table="auth.users",
        register_apps=False, max_apps=7, rate_per_address=0, rate_burst_per_address=9,
        trusted_proxies=("10.0.0.0/8", "fd00::/8"), max_connections=99, max_memory_bytes=2**30,
        smtp_url="smtp://localhost", smtp_from="a@example.org", alert_networks=("10.0.0.0/8",),
        language="de", time_zone="Europe/Berlin",
    )  # fmt: skip
    changed = [f.name for f in fields(Settings) if getattr(settings, f.name) == f.default]
    assert changed == [], "give the new setting a value of its own here"
    assert load_settings(to_environ(settings)) == settings


@pytest.mark.parametrize("table", ["users; drop table x", 'a"b', "a.b.c", "1users", "a b", "é"])
def test_a_users_table_is_an_identifier(table: str) -> None:
    """It becomes part of SQL."""
    with pytest.raises(BadSetting, match=r"MANA_ERRORS_USERS_TABLE: .* must be a table's name"):
        load_settings({"MANA_ERRORS_USERS_TABLE": table})


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a/b", "auth.example", "https://"])
def test_a_key_set_is_fetched_from_the_web_alone(url: str) -> None:
    with pytest.raises(BadSetting, match=r"MANA_ERRORS_JWKS_URL: .* must begin with https"):
        load_settings({"MANA_ERRORS_JWKS_URL": url})


def test_settings_md_documents_every_setting_and_nothing_else() -> None:
    """Name, default and description are those of the code, in the code's order."""
    documented = ROW.findall(DOCS.read_text(encoding="utf-8"))
    defaults = to_environ(Settings())
    expected = [
        (
            variable_of(item.name, item.metadata),
            ".data" if item.name == "data_dir" else defaults[variable_of(item.name, item.metadata)],
            item.metadata["doc"],
        )
        for item in fields(Settings)
    ]
    assert documented == expected


@pytest.mark.parametrize(
    ("host", "public_url", "address"),
    [
        ("localhost", "", "http://localhost:8080"),
        ("0.0.0.0", "", "http://localhost:8080"),
        ("192.0.2.1", "", "http://192.0.2.1:8080"),
        ("2001:db8::1", "", "http://[2001:db8::1]:8080"),
        ("0.0.0.0", "https://errors.example.org", "https://errors.example.org"),
    ],
)
def test_the_address_is_the_public_one_where_there_is_one(
    host: str, public_url: str, address: str
) -> None:
    assert Settings(host=host, port=8080, public_url=public_url).address == address
