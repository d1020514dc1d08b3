"""Writes the reference page of all settings to standard output."""

import sys

from duelcast.settings.table import reference

sys.stdout.write(reference())
