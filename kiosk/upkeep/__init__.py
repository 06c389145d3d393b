"""How the device is: checks of the box, and what the service manager is told."""
