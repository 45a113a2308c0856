"""Births that a civil register tells: each opens a request for child benefit, with no act of a parent."""
