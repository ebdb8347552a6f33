"""What searches read, filled behind from the events."""
