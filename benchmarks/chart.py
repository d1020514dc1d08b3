"""The figures as a chart for the docs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.report import Figures
from benchmarks.servers import DUELCAST, EPOLL

OURS, LIMIT, OTHERS = "#c2410c", "#1f2937", "#94a3b8"
WORKS = ("a", "b", "c", "d", "i")
CONNECTIONS = 1_000


def draw(figures: Sequence[Figures], path: Path) -> None:
    """Draw the ratios to the C server as SVG, a panel per work at 1,000 connections; nothing if there are no ratios."""
    panels = {
        key: [one for one in figures if (one.key, one.connections) == (key, CONNECTIONS) and one.ratio is not None]
        for key in WORKS
    }
    panels = {key: bars for key, bars in panels.items() if bars}
    if not panels:
        return
    mpl.rcParams["svg.hashsalt"] = "duelcast"  # so that the same figures give the same file
    mpl.rcParams["svg.fonttype"] = "none"  # text is not drawn as paths
    figure = Figure(figsize=(9, 0.7 + 1.9 * len(panels)), layout="constrained")
    for axes, bars in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels.values(), strict=True):
        bars = sorted(bars, key=lambda one: one.ratio or 0, reverse=True)
        colors = [{DUELCAST.name: OURS, EPOLL.name: LIMIT}.get(one.server, OTHERS) for one in bars]
        drawn = axes.barh([one.server for one in bars], [one.ratio or 0 for one in bars], color=colors)
        axes.bar_label(drawn, fmt="%.2f", padding=3, fontsize=8)
        axes.set_title(f"{bars[0].title}, {CONNECTIONS:,} connections", fontsize=9, loc="left")
        axes.tick_params(labelsize=8)
        axes.margins(x=0.08)
        axes.spines[["top", "right"]].set_visible(False)
    figure.supxlabel("CPU of the server per message, × the C server that sends once per message", fontsize=9)
    figure.savefig(path, metadata={"Date": None})
