"""Documents stores attached files: their bytes in a bucket, and the claims of requests on them in MongoDB."""
