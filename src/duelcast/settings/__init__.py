"""Every setting once, where its value comes from, and the server's own secret."""

from duelcast.settings.fields import Settings, is_loopback_host
from duelcast.settings.loading import LoadedSettings, Source, load_settings
from duelcast.settings.problems import ConfigurationError
from duelcast.settings.secret import check_secret_reach, ensure_data_dir, ensure_secret, own_secret_file

__all__ = [
    "ConfigurationError",
    "LoadedSettings",
    "Settings",
    "Source",
    "check_secret_reach",
    "ensure_data_dir",
    "ensure_secret",
    "is_loopback_host",
    "load_settings",
    "own_secret_file",
]
