"""`gateway.worker` merges what is said about requests into the views the web process reads."""
