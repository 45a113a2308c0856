"""The published contracts: JSON Schemas and the AsyncAPI document, generated into `docs/contracts` from the models.

    python -m deploy.contracts           write the files that differ
    python -m deploy.contracts --check   list the files that differ, and fail

A change that is incompatible with a published schema is not written; the command lists it and fails.
"""
