"""`fieldline api`: the API and the web app alone, for compose and for scale."""

from api.server import serve
from fieldline import logs
from fieldline.parts import make_app
from fieldline.running import run
from fieldline.settings import Settings


def api() -> None:
    """Serve the API, the live stream and the web app until stopped. They follow what any bridge stores."""
    settings = Settings()
    logs.configure(settings)
    run(serve(make_app(settings), settings.host, settings.port))
