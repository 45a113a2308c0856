"""Handler tables, and the processors that apply batches to them: aggregate, projection, inserter."""
