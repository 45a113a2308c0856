"""`python -m services.documents`"""

from services.common.process import serve
from services.documents.app import build
from services.documents.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(build(settings), settings, "documents", drain=settings.http_drain)
