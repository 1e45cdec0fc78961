"""`fieldline api`: the API and the web app alone, for compose and for scale."""

import os

from api.server import serve
from fieldline import logs
from fieldline.parts import make_app
from fieldline.running import run
from fieldline.settings import Settings

NICE = 5
"""A third of the weight of a bridge on the same machine, when both want all of it: what is stored goes first."""


def api() -> None:
    """Serve the API, the live stream and the web app until stopped. They follow what any bridge stores."""
    os.nice(NICE)
    settings = Settings()
    logs.configure(settings)
    run(serve(make_app(settings), settings.host, settings.port))
