"""`python -m gateway`"""

from gateway.app import build
from gateway.settings import Settings
from services.common.catalogue.help_pages import help_pages
from services.common.catalogue.questions import questions
from services.common.runtime.server import serve_with_public
from services.common.runtime.settings import from_environment, require_sound

if __name__ == "__main__":
    settings = from_environment(Settings)
    require_sound(help_pages)
    require_sound(questions)
    applications = build(settings)
    serve_with_public("gateway", settings, applications.internal, applications.public)
