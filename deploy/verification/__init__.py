"""Verification: collect the history of all requests from topics, stores and mails, and check every promise against it.

A promise is a clause. `make demo`, `make faults` and `make test-kills` use the same clauses.
"""
