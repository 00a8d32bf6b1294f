"""What comes in from others: followed, checked, accepted, made a fact."""
