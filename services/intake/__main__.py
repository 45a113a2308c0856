"""`python -m services.intake`"""

from services.common.runtime.server import serve
from services.common.runtime.settings import from_environment
from services.intake.app import build
from services.intake.settings import Settings

if __name__ == "__main__":
    settings = from_environment(Settings)
    serve("intake", settings, build(settings))
