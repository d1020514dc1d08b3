"""The WebSocket endpoints, one file each; `registry` finds them by listing this folder."""
