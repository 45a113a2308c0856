"""`python -m gateway`"""

from gateway.app import build
from gateway.settings import Settings
from services.common.runtime.server import serve_with_public
from services.common.runtime.settings import from_environment

if __name__ == "__main__":
    settings = from_environment(Settings)
    applications = build(settings)
    serve_with_public("gateway", settings, applications.internal, applications.public)
