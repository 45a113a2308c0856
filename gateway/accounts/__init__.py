"""Accounts, sign-in and sessions. Only this package stores the identity of people."""
