"""The parts of every process: settings, startup, probes, HTTP servers, graceful shutdown."""
