"""What devices and the staff who watch them send and see."""
