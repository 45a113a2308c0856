"""The public catalogue of subjects and reasons."""
