"""Receipts that anybody can verify."""
