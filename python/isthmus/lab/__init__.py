"""Private networks for the demo and the tests."""
