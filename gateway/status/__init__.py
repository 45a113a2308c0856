"""What works now, as people see it, and how long requests take. Measured by every replica for itself."""
