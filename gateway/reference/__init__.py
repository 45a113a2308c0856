"""The API page at `/docs`: the published description as plain HTML, with nothing fetched from anywhere."""
