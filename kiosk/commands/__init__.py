"""What `dermakiosk` can be told to do: one file a subcommand."""
