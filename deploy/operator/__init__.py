"""What an operator does by hand: dead letters, replays, rebuilding views. The commands' logic, without their screens."""
