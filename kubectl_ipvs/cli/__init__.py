"""What the user types: words -> one typed request -> an operation -> output. Nothing else imports typer."""
