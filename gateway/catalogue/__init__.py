"""What can be asked, published."""
