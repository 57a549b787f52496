"""What goes out of the unit, and comes into it, as files."""
