"""`python -m gateway`"""

from gateway.app import build
from gateway.settings import Settings
from services.common.process import serve
from services.common.settings import from_environment

if __name__ == "__main__":
    settings = from_environment(Settings)
    serve(build(settings), settings, "gateway", drain=settings.http_drain)
