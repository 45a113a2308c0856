"""What the HTTP edges share: problem documents, bounded bodies, and the signature of the two internal calls."""
