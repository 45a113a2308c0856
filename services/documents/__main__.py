"""`python -m services.documents`"""

from services.common.runtime.server import serve
from services.common.runtime.settings import from_environment
from services.documents.app import build
from services.documents.settings import Settings

if __name__ == "__main__":
    settings = from_environment(Settings)
    serve("documents", settings, build(settings), drain=settings.http_drain)
