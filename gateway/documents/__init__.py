"""Attachments on their way in: streamed through to the documents service, never held."""
