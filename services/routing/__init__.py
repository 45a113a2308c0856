"""Routing: decides which department has a request, keeps why, and is the only door to department topics."""
