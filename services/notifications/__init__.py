"""Notifications: mails people when something happened to their request, once for each fact."""
