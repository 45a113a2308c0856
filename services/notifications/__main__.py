"""`python -m services.notifications`"""

from services.common.runtime.server import serve
from services.common.runtime.settings import from_environment
from services.notifications.app import build
from services.notifications.settings import Settings

if __name__ == "__main__":
    settings = from_environment(Settings)
    serve("notifications", settings, build(settings))
