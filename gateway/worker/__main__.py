"""`python -m gateway.worker`"""

from gateway.settings import Settings
from gateway.worker.app import build
from services.common.process import serve
from services.common.settings import from_environment

if __name__ == "__main__":
    settings = from_environment(Settings)
    serve(build(settings), settings, "gateway-worker")
