"""What departments read over HTTP: their cases, with tokens of their own."""
