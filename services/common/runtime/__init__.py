"""What every process is made of: start, probes, servers, settings, graceful shutdown."""
