"""`python -m services.intake`"""

from services.common.process import serve
from services.intake.app import build
from services.intake.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    serve(build(settings), settings, "intake")
