from __future__ import annotations

from pathlib import Path

import pytest

from duelcast.settings import ConfigurationError, Source, load_settings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "duelcast.toml"


def refusal(config: Path | None = None, **options: object) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(config, options)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_option_wins_over_environment_over_file_over_default(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    file.write_text('host = "127.0.0.3"\nport = 3\nfeed = "file"\n')
    monkeypatch.setenv("DUELCAST_HOST", "127.0.0.2")
    monkeypatch.setenv("DUELCAST_PORT", "2")
    loaded = load_settings(file, {"host": "127.0.0.1", "port": None})
    settings, sources = loaded.settings, loaded.sources
    assert (settings.host, settings.port, settings.feed, settings.max_subscriptions) == ("127.0.0.1", 2, "file", 2000)
    assert [sources[name] for name in ("host", "port", "feed", "max_subscriptions")] == [
        Source.OPTION,
        Source.ENVIRONMENT,
        Source.FILE,
        Source.DEFAULT,
    ]


def test_the_environment_may_name_the_file(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    file.write_text("port = 3\n")
    monkeypatch.setenv("DUELCAST_CONFIG", str(file))
    assert load_settings().settings.port == 3


def test_lists_come_from_commas_in_the_environment_and_arrays_in_the_file(
    monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    file.write_text('allowed_origins = ["https://a.example", "https://b.example"]\n')
    monkeypatch.setenv("DUELCAST_TRUSTED_PROXIES", "10.0.0.1,10.0.0.2")
    settings = load_settings(file).settings
    assert settings.allowed_origins == ("https://a.example", "https://b.example")
    assert settings.trusted_proxies == ("10.0.0.1", "10.0.0.2")


def test_an_empty_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUELCAST_JWT_SECRET", "")
    loaded = load_settings()
    assert loaded.settings.jwt_secret is None
    assert loaded.sources["jwt_secret"] is Source.DEFAULT


def test_an_unknown_variable_is_refused_with_the_nearest_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUELCAST_MAX_CONECTIONS", "5")
    assert refusal() == "DUELCAST_MAX_CONECTIONS is not a setting; did you mean DUELCAST_MAX_CONNECTIONS?"


def test_an_unknown_key_of_the_file_is_refused_with_the_nearest_known_one(file: Path) -> None:
    file.write_text("prot = 1\n")
    assert "`prot`" in refusal(file)
    assert "did you mean `port`?" in refusal(file)


def test_a_problem_is_told_as_the_value_was_given(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    monkeypatch.setenv("DUELCAST_PORT", "eight")
    assert refusal().startswith("DUELCAST_PORT: input should be a valid integer")
    monkeypatch.delenv("DUELCAST_PORT")
    file.write_text("port = 70000\n")
    assert refusal(file).startswith("`port` in the configuration file: input should be less than or equal to 65535")
    assert refusal(tls_cert="missing").startswith("--tls-cert names a file that does not exist")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"HEARTBEAT_TIMEOUT_S": "30"},
            "DUELCAST_HEARTBEAT_TIMEOUT_S must be more than DUELCAST_HEARTBEAT_INTERVAL_S.",
        ),
        ({"TLS_CERT": __file__}, "DUELCAST_TLS_CERT and DUELCAST_TLS_KEY need each other: set both or neither."),
        ({"JWT_ALGORITHMS": "RS256"}, "DUELCAST_JWT_ALGORITHMS names an algorithm that needs DUELCAST_JWT_JWKS_URL."),
        (
            {"JWT_ALGORITHMS": "HS256", "JWT_JWKS_URL": "https://keys.example.org"},
            "DUELCAST_JWT_ALGORITHMS names an algorithm that needs DUELCAST_JWT_SECRET.",
        ),
    ],
    ids=["heartbeat", "tls", "no key set", "no secret"],
)
def test_a_problem_of_several_settings_names_their_variables(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], told: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"DUELCAST_{name}", value)
    assert refusal() == told


def test_a_problem_of_several_settings_names_each_as_it_was_given(file: Path) -> None:
    file.write_text("heartbeat_interval_s = 90\n")
    assert refusal(file, heartbeat_timeout_s=60) == (
        "--heartbeat-timeout-s must be more than `heartbeat_interval_s` in the configuration file."
    )


def test_all_problems_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUELCAST_PORT", "-1")
    monkeypatch.setenv("DUELCAST_MAX_SUBSCRIPTIONS", "0")
    text = refusal()
    assert "DUELCAST_PORT" in text
    assert "DUELCAST_MAX_SUBSCRIPTIONS" in text


def test_no_refusal_holds_the_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUELCAST_JWT_SECRET", "hunter2")
    monkeypatch.setenv("DUELCAST_PORT", "hunter2")
    monkeypatch.setenv("DUELCAST_BROKER_URL", "redis://:hunter2@bus.example.org")
    monkeypatch.setenv("DUELCAST_JWT_JWKS_URL", "http://hunter2@keys.example.org")
    assert "hunter2" not in refusal()


def test_a_file_that_is_not_there_is_refused(file: Path) -> None:
    assert "cannot be read" in refusal(file)


def test_a_file_that_is_not_toml_is_refused_with_the_place_alone(file: Path) -> None:
    file.write_text('port = 1\njwt_secret = "hunter2\n')
    text = refusal(file)
    assert "is not TOML (line 2" in text
    assert "hunter2" not in text
