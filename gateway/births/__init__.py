"""Births that a civil register reports: each opens a request for child benefit, with no act of a parent."""
