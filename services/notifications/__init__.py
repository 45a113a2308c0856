"""Notifications: tells people by mail that something happened to their request, once for each fact."""
