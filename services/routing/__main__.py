"""`python -m services.routing`"""

from services.common.process import serve
from services.routing.app import build
from services.routing.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(build(settings), settings, "routing")
