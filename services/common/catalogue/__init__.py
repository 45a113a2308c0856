"""The catalogue: subjects, reasons, departments and legal terms, in versions with their days in force."""

from services.common.catalogue.models import (
    SCREENING,
    Catalogue,
    Department,
    Fault,
    Language,
    LifeEvent,
    Named,
    Reason,
    Subject,
)
from services.common.catalogue.versions import (
    FOLDER,
    INCLUDED,
    Catalogues,
    Entries,
    catalogue,
    catalogues,
    folder_in_use,
    read_catalogues,
    read_version,
)
from services.common.catalogue.yaml_file import FaultyCatalogue, FileFault, YamlFile
from services.common.legal_clock import Clock

__all__ = [
    "FOLDER",
    "INCLUDED",
    "SCREENING",
    "Catalogue",
    "Catalogues",
    "Clock",
    "Department",
    "Entries",
    "Fault",
    "FaultyCatalogue",
    "FileFault",
    "Language",
    "LifeEvent",
    "Named",
    "Reason",
    "Subject",
    "YamlFile",
    "catalogue",
    "catalogues",
    "folder_in_use",
    "read_catalogues",
    "read_version",
]
