"""What every domain is made of. It loads the standard library and pydantic alone."""
