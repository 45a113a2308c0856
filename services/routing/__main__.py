"""`python -m services.routing`"""

from services.common.runtime.server import serve
from services.common.runtime.settings import from_environment
from services.routing.app import build
from services.routing.settings import Settings

if __name__ == "__main__":
    settings = from_environment(Settings)
    serve("routing", settings, build(settings))
