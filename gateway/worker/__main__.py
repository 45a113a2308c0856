"""`python -m gateway.worker`"""

from gateway.settings import Settings
from gateway.worker.app import build
from services.common.runtime.server import serve
from services.common.runtime.settings import from_environment

if __name__ == "__main__":
    settings = from_environment(Settings)
    serve("gateway-worker", settings, build(settings))
