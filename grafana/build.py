"""Writes the dashboards as the JSON that Grafana provisions: `python -m grafana.build`, after any change here."""

import json
from pathlib import Path

from grafana.fleet import fleet
from grafana.live import live
from grafana.sdk import build, encoder

FOLDER = Path(__file__).parent / "dashboards"


def dashboards() -> dict[Path, str]:
    """Each file with its text, the same for the same code."""
    return {FOLDER / "fleet.json": _json(fleet()), FOLDER / "live.json": _json(live())}


def _json(dashboard: build.Dashboard) -> str:
    return json.dumps(dashboard.build(), cls=encoder.JSONEncoder, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, text in dashboards().items():
        file.write_text(text, encoding="utf-8")
