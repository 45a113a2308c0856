"""`python -m gateway`"""

from gateway.app import build
from gateway.settings import Settings
from services.common.process import serve

if __name__ == "__main__":
    settings = Settings()
    serve(build(settings), settings, "gateway", drain=settings.http_drain)
