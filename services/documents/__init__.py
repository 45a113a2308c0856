"""Documents keeps the files that people attach: their bytes in the bucket, and who may use them for which request."""
