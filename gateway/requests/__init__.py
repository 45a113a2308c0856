"""SubmissionService a request, and seeing where it stands."""
