"""Drafts: requests that are not filed yet. A person begins one on a phone and goes on on a computer."""
