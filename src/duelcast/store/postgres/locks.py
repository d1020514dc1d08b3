"""Advisory locks, which belong to a session and end with it. Each database has its own
(https://www.postgresql.org/docs/current/explicit-locking.html, 13.3.5).

In `pg_locks`, the key of such a lock is in `classid` (upper half) and `objid` (lower half), and `objsubid` is 1
(https://www.postgresql.org/docs/current/view-pg-locks.html).
"""

from __future__ import annotations

WRITER = int.from_bytes(b"duelcast", "big")
"""The lock of the session that writes."""
LEADER = int.from_bytes(b"duellead", "big")
"""The lock of the session that renews the term."""

LOCK = "select pg_advisory_lock($1)"
"""Takes a lock, and waits for it as long as the session may wait for locks (`LockNotAvailableError`)."""
