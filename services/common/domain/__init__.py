"""Building blocks of the services' domains. Imports only the standard library and Pydantic."""
