"""Attachments: uploads are streamed to the documents service and never stored or buffered whole here."""
