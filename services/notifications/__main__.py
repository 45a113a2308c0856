"""`python -m services.notifications`"""

from services.common.process import serve
from services.common.settings import from_environment
from services.notifications.app import build
from services.notifications.settings import Settings

if __name__ == "__main__":
    settings = from_environment(Settings)
    serve(build(settings), settings, "notifications")
