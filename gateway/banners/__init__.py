"""Banners: what operators tell people, on all pages or about one subject."""
