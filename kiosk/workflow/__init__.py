"""What a touch means: use cases that the screens call."""
