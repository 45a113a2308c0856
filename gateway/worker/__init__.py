"""The worker consumes the facts about requests and merges them into the views that the web process reads."""
