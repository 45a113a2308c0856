"""The judge: it collects the history of what people filed, and finds every promise that this history breaks.

`make demo`, `make faults` and `make test-kills` use the same clauses.
"""
