"""What happens when something arrives: one transaction each."""
