"""`python -m services.notifications`"""

from services.common.process import serve
from services.notifications.app import build
from services.notifications.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(build(settings), settings, "notifications")
