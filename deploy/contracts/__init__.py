"""The published contracts: JSON Schemas and the AsyncAPI document, written to `docs/contracts` from the models.

    python -m deploy.contracts           write what changed
    python -m deploy.contracts --check   name the files that differ, and fail

What is published is the promise: a model that takes back a part of it is not written, and the break is named.
"""
