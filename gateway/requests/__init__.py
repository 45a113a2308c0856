"""Requests: submit, act, list and read them."""
