"""What tests share: waiting for a condition, reading topics whole, cutting a connection."""
