"""The pages about requests: home, list, one request, its receipt, its dates, and what its author can do."""
