"""The settings, the sources of their values, and the server's own secret."""

from duelcast.settings.fields import Settings, is_loopback_host
from duelcast.settings.loading import ConfigurationError, LoadedSettings, Source, load_settings
from duelcast.settings.secret import (
    SECRET_FILE,
    check_data_dir,
    check_secret,
    check_secret_reach,
    check_unshared,
    ensure_data_dir,
    ensure_secret,
    own_secret_file,
)

__all__ = [
    "SECRET_FILE",
    "ConfigurationError",
    "LoadedSettings",
    "Settings",
    "Source",
    "check_data_dir",
    "check_secret",
    "check_secret_reach",
    "check_unshared",
    "ensure_data_dir",
    "ensure_secret",
    "is_loopback_host",
    "load_settings",
    "own_secret_file",
]
