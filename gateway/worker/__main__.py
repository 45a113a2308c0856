"""`python -m gateway.worker`"""

from gateway.settings import Settings
from gateway.worker.app import build
from services.common.process import serve

if __name__ == "__main__":
    settings = Settings()
    serve(build(settings), settings, "gateway-worker")
