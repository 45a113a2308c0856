"""Tables of handlers, and what applies a batch to them: aggregate, projection, inserter."""
